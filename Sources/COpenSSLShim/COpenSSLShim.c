#include "COpenSSLShim.h"

int copensslshim_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}

int copensslshim_set_max_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}

long copensslshim_set_mode(SSL_CTX *context, long mode) {
    return SSL_CTX_set_mode(context, mode);
}

long copensslshim_set_session_cache_mode(SSL_CTX *context, long mode) {
    return SSL_CTX_set_session_cache_mode(context, mode);
}

long copensslshim_sess_set_cache_size(SSL_CTX *context, long count) {
    return SSL_CTX_sess_set_cache_size(context, count);
}

long copensslshim_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
    return SSL_CTX_add1_chain_cert(context, certificate);
}

long copensslshim_set_tlsext_servername_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    return SSL_CTX_set_tlsext_servername_callback(context, callback);
}

long copensslshim_set_tlsext_servername_arg(SSL_CTX *context, void *argument) {
    return SSL_CTX_set_tlsext_servername_arg(context, argument);
}

long copensslshim_set_tlsext_host_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, (char *)name);
}

uint64_t copensslshim_op_no_renegotiation(void) {
    return SSL_OP_NO_RENEGOTIATION;
}

uint64_t copensslshim_op_no_compression(void) {
    return SSL_OP_NO_COMPRESSION;
}

uint64_t copensslshim_op_cipher_server_preference(void) {
    return SSL_OP_CIPHER_SERVER_PREFERENCE;
}

uint64_t copensslshim_op_prioritize_chacha(void) {
    return SSL_OP_PRIORITIZE_CHACHA;
}

unsigned long copensslshim_name_flags(void) {
    return (XN_FLAG_RFC2253 & ~XN_FLAG_SEP_MASK) | XN_FLAG_SEP_CPLUS_SPC;
}

long copensslshim_get_mem_data(BIO *bio, char **data) {
    return BIO_get_mem_data(bio, data);
}

EVP_PKEY *copensslshim_ec_gen(const char *curve) {
    return EVP_EC_gen(curve);
}
