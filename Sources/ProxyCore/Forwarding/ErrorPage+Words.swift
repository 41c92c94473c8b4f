extension ErrorPage {
    /// The reason phrase of what Gatehouse itself answers, the admin endpoints included (RFC 9110 §15, RFC 6585).
    public static func phrase(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 202: "Accepted"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Error"
        }
    }

    /// What happened, in one sentence for the person who reads it.
    public static func sentence(_ status: Int) -> String {
        switch status {
        case 400: "The request is not valid HTTP/1.1, or can be read in more than one way, so it was not passed on."
        case 401: "The request carries no credentials that are accepted here."
        case 403: "The request is understood, and not allowed."
        case 404: "No route leads from this host and path to an application."
        case 405: "This method is not served here."
        case 408: "The request did not arrive in time."
        case 413: "The content of the request is larger than is accepted here."
        case 414: "The address in the request is longer than is accepted here."
        case 417: "The request expects something that nobody here can promise."
        case 421: "This server does not answer for the host that was asked for."
        case 426: "This address speaks WebSocket version 13, and the request asked for another version."
        case 429: "There were too many requests; try again later."
        case 431: "The fields of the request are larger or more than is accepted here."
        case 500: "Something went wrong in Gatehouse itself."
        case 501: "The request uses a method or a transfer coding that is not known here."
        case 502: "The application did not give a valid answer."
        case 503: "The application can't be reached at the moment; try again later."
        case 504: "The application did not answer in time."
        case 505: "The request uses a version of HTTP that is not spoken here."
        default: "The request could not be served."
        }
    }
}
