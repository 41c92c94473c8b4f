import Testing

/// Everything that runs the product beside real programs.
///
/// One test at a time: each holds deadlines of its own, and the machine may be small. Each runs on both I/O back ends.
@Suite(.serialized) struct Integration {}
