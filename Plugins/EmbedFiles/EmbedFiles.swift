// Build plugin: compiles folders of text files into the targets that need them: `bursar` is one file.
import Foundation
import PackagePlugin

/// SwiftPM's own `.embedInCode` gives no list of what it embedded, and reads only below the target's folder.
/// Adding a provider profile or a migration must be one file and no Swift (docs/adr/0003).
@main
struct EmbedFiles: BuildToolPlugin {
    /// The folders each target embeds, relative to the package.
    private static let folders = [
        "BursarHTTP": ["Sources/BursarHTTP"],
        "BursarProviders": ["Sources/BursarProviders/Profiles"],
        "BursarLedger": ["db"],
    ]

    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
        let inputs = try Self.folders[target.name, default: []].flatMap { folder in
            try files(below: context.package.directoryURL.appending(path: folder))
        }
        return [
            .buildCommand(
                displayName: "Embedding files of \(target.name)",
                executable: try context.tool(named: "EmbedFilesTool").url,
                arguments: [output.path()] + inputs.map { $0.path() },
                inputFiles: inputs, outputFiles: [output])
        ]
    }

    private func files(below folder: URL) throws -> [URL] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        let urls = (found?.allObjects ?? []).compactMap { $0 as? URL }
        return urls.filter { ["json", "sql", "yaml"].contains($0.pathExtension) }
            .filter { $0.lastPathComponent != "schema.sql" }
            .sorted { $0.path() < $1.path() }
    }
}
