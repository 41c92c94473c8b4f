/// What `gatehouse version` says, and logs and metrics carry.
public enum Version {
    public static let text = "0.1.0"
}
