#include "COpenSSLShim.h"

int copensslshim_set_min_proto_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}
