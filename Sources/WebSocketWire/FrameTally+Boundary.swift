import Wire

extension FrameTally {
    /// Where in `bytes`, which are about to be observed, the first frame ends: the place for a frame of ours. Nil if none does.
    ///
    /// Works on a copy of the parser, so asking changes nothing. 0 if the stream stands between two frames already.
    public func firstBoundary(in bytes: RawSpan) -> Int? {
        if isAtFrameBoundary { return 0 }
        var ahead = parser
        var cursor = ByteCursor(bytes)
        while let event = try? ahead.next(&cursor) {
            if case .end = event { return cursor.offset }
        }
        return nil
    }
}
