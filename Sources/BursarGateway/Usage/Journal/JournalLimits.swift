// How large a journal may become.
internal import BursarCore

/// The bounds of a journal (docs/API.md section 8).
package struct JournalLimits: Sendable {
    /// Pages that are counted in side by side; threads share them out.
    let lanes: Int
    /// Bytes of one page; two a lane.
    let pageBytes: Int
    /// Bytes of all segments.
    let spoolBytes: Int
    /// A segment is followed by another beyond this.
    let segmentBytes: Int
    /// How long delivered frames are kept, for a fail-over that loses commits.
    let kept: Duration

    /// The defaults are those of a gateway in service: 32,000 keys a second, minute and lane, a gibibyte of
    /// frames. A page is sealed early where there are 16,000.
    package init(
        lanes: Int, pageBytes: Int = 4 << 20, spoolBytes: Int = 1 << 30, segmentBytes: Int = 4 << 20,
        kept: Duration = .seconds(900)
    ) {
        self.lanes = max(1, min(lanes, 16))
        self.pageBytes = max(1 << 14, pageBytes / 4_096 * 4_096)
        self.spoolBytes = spoolBytes
        self.segmentBytes = segmentBytes
        self.kept = kept
    }
}
