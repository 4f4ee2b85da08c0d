// The files that the rules read.
import Foundation

/// One text file of the package.
struct SourceFile {
    /// From the root, as `Sources/BursarCore/Tokens/Token.swift`.
    let path: String
    let lines: [String]
    let swift: SwiftText?

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        swift = path.hasSuffix(".swift") ? SwiftText(text) : nil
    }

    var text: String { lines.joined(separator: "\n") }

    /// The folder below `Sources` or `Tests`.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    /// Numbers, from 1, and text of the lines of code that `pattern` is found in.
    ///
    /// Word boundaries are the simple ones: by Unicode's rules `Task.sleep` would be one word.
    func code(_ pattern: Regex<some Any>) -> [(line: Int, text: String)] {
        let pattern = pattern.wordBoundaryKind(.simple)
        return numbered(swift?.code ?? []).filter { $0.text.contains(pattern) }
    }

    func numbered(_ lines: [String]) -> [(line: Int, text: String)] {
        lines.enumerated().map { ($0.offset + 1, $0.element) }
    }
}

/// The package on disk.
struct SourceTree {
    static let here = SourceTree()

    /// The folder that holds `Package.swift` and `Sources`: above this file, or above the working directory
    /// when this file was compiled somewhere else.
    let root: URL
    /// Every Swift file, read once for all rules.
    private var swiftFiles: [SourceFile] = []

    init() {
        let start = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let current = URL(fileURLWithPath: FileManager.default.currentDirectoryPath + "/here")
        root = SourceTree.root(above: start) ?? SourceTree.root(above: current) ?? current
        swiftFiles = ["Plugins", "Sources", "Tests"].flatMap { files(in: $0, ending: ["swift"]) }
    }

    private static func root(above start: URL) -> URL? {
        var folder = start
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let isRoot = ["Package.swift", "Sources", "docs"].allSatisfy {
                FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
            }
            if isRoot { return folder }
        }
        return nil
    }

    /// The Swift files below the folders, in order.
    func swift(_ folders: String...) -> [SourceFile] {
        swiftFiles.filter { file in folders.contains { file.path.hasPrefix($0 + "/") } }
    }

    /// The text files below a folder with one of these endings, in order; hidden ones are passed over.
    func files(in folder: String, ending: Set<String>) -> [SourceFile] {
        let names = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
        let paths = (names?.allObjects ?? []).compactMap { $0 as? String }.sorted()
        return paths.filter { ending.contains(($0 as NSString).pathExtension) && !isHidden($0) }
            .compactMap { file("\(folder)/\($0)") }
    }

    private func isHidden(_ path: String) -> Bool {
        path.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__pycache__" }
    }

    func file(_ path: String) -> SourceFile? {
        guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path) else {
            return nil
        }
        return SourceFile(path: path, text: String(decoding: data, as: UTF8.self))
    }

    /// The text of a file that has to be there; "" when it is not, which the rules then complain about.
    func text(_ path: String) -> String { file(path)?.text ?? "" }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).standardizedFileURL.path)
    }

    /// What stands directly in a folder, in byte order as `LC_ALL=C ls` shows it.
    func names(in folder: String) -> [String] {
        let path = root.appendingPathComponent(folder).path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Every Markdown file of the package.
    var pages: [SourceFile] {
        names(in: ".").filter { $0.hasSuffix(".md") }.compactMap(file)
            + ["docs", "db", "dashboards", "deploy", "Tests"].flatMap { files(in: $0, ending: ["md"]) }
    }
}
