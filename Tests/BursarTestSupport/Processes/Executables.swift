// Where the built programs lie.
private import Foundation

package enum Executables {
    /// Beside the test bundle: the ones that were built with it.
    private static let folder = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().path

    package static let bursar = folder + "/bursar"
    package static let simulator = folder + "/provider-simulator"

    /// The checkout's root.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
}
