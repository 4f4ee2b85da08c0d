// Links and headings of Markdown pages.
import Foundation

/// A page with what stands in fenced code blanked out.
struct Markdown {
    let file: SourceFile
    let prose: [String]

    init(_ file: SourceFile) {
        self.file = file
        var isFenced = false
        prose = file.lines.map { line in
            let isFence = line.trimmingCharacters(in: .whitespaces).hasPrefix("```")
            if isFence { isFenced.toggle() }
            return isFence || isFenced ? "" : line
        }
    }

    struct Link {
        let line: Int
        let target: String
    }

    /// Inline links, `[text](target)`, outside of code.
    var links: [Link] {
        file.numbered(prose).flatMap { line, text in
            text.replacing(/`[^`]*`/, with: "").matches(of: /\]\(([^)\s]+)[^)]*\)/).map {
                Link(line: line, target: String($0.output.1))
            }
        }
    }

    /// What `#…` can name: headings as GitHub spells them.
    var anchors: Set<String> {
        let headings = prose.compactMap { $0.wholeMatch(of: /#{1,6}\s+(.*)/)?.output.1 }
        return Set(headings.map { Markdown.anchor(String($0)) })
    }

    static func anchor(_ heading: String) -> String {
        heading.lowercased().replacing(" ", with: "-")
            .filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
    }

    /// Links within the package that lead nowhere.
    func broken(in tree: SourceTree) -> [Finding] {
        links.compactMap { link in
            guard !link.target.contains(/^[a-z]+:/) else { return nil }
            let halves = link.target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let folder = (file.path as NSString).deletingLastPathComponent
            let path = (folder as NSString).appendingPathComponent(String(halves[0]))
            let place = halves[0].isEmpty ? file.path : (path as NSString).standardizingPath
            guard tree.exists(place) else {
                return file.finding(link.line, "\(link.target) leads nowhere: there is no \(place)")
            }
            guard halves.count == 2, place.hasSuffix(".md"), let page = tree.file(place) else { return nil }
            guard !Markdown(page).anchors.contains(String(halves[1])) else { return nil }
            return file.finding(link.line, "\(place) has no heading for #\(halves[1])")
        }
    }
}
