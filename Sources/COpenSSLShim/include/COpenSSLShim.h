#pragma once
#include <openssl/ssl.h>

/// What OpenSSL offers only as a macro, one plain function each, and nothing else.
int copensslshim_set_min_proto_version(SSL_CTX *context, int version);
