#pragma once
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdint.h>

/// What OpenSSL offers only as a macro, one plain function each, and nothing else.

int copensslshim_set_min_proto_version(SSL_CTX *context, int version);
int copensslshim_set_max_proto_version(SSL_CTX *context, int version);
long copensslshim_set_mode(SSL_CTX *context, long mode);
long copensslshim_set_session_cache_mode(SSL_CTX *context, long mode);
long copensslshim_sess_set_cache_size(SSL_CTX *context, long count);
long copensslshim_add1_chain_cert(SSL_CTX *context, X509 *certificate);
long copensslshim_set_tlsext_servername_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *));
long copensslshim_set_tlsext_servername_arg(SSL_CTX *context, void *argument);
long copensslshim_set_tlsext_host_name(SSL *ssl, const char *name);

/// SSL_OP_…, which are function-like macros since OpenSSL 3.0.
uint64_t copensslshim_op_no_renegotiation(void);
uint64_t copensslshim_op_no_compression(void);
uint64_t copensslshim_op_cipher_server_preference(void);
uint64_t copensslshim_op_prioritize_chacha(void);

/// XN_FLAG_RFC2253 (an expression over other macros) with a space after each comma; all but visible ASCII is escaped.
unsigned long copensslshim_name_flags(void);
long copensslshim_get_mem_data(BIO *bio, char **data);

/// EVP_EC_gen, variadic underneath.
EVP_PKEY *copensslshim_ec_gen(const char *curve);
