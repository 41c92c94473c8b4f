public import Wire

/// Says what is in a certificate file, for `check-config` and for warnings before a certificate expires.
public enum CertificateInspector {
    /// The certificates of the PEM file at `path`, in the file's order; the own one comes first.
    public static func inspect(path: String) throws(TLSContextError) -> [CertificateFacts] {
        try PEMFile(path: path).certificates().map(\.facts)
    }
}
