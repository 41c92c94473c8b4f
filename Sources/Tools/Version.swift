/// What `gatehouse version` says, and logs and metrics carry.
package enum Version {
    package static let text = "0.1.0"
}
