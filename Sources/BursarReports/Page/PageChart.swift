// Charts as inline SVG. Each says in words what it shows; a table beside it holds its figures.
internal import BursarCore

/// Drawn on a canvas of 720 by 220, scaled by the page. Colour never says anything alone: lines differ in
/// dashes, and each is named.
struct PageChart {
    let id: String
    let title: String
    let summary: String
    /// Below the columns: days of the month.
    let labels: [String]

    private let left = 112.0
    private let top = 12.0
    private let width = 600.0
    private let height = 170.0

    struct Line {
        let name: String
        /// `a`, `b` or `c` in the style sheet.
        let kind: String
        let values: [Double?]
    }

    /// One bar for each label.
    func bars(_ values: [Double], kind: String, scale: (Double) -> String) -> String {
        let most = max(values.max() ?? 0, 1)
        let step = width / Double(max(labels.count, 1))
        let bars = values.enumerated().filter { $0.element > 0 }.map { index, value in
            let size = max(value / most * height, 1)
            return "<rect class=\"\(kind)\" x=\"\(at(left + Double(index) * step + step * 0.15))\" "
                + "y=\"\(at(top + height - size))\" width=\"\(at(step * 0.7))\" height=\"\(at(size))\"/>"
        }
        return frame(most, scale, bars.joined())
    }

    /// One line for each series; gaps stay gaps.
    func lines(_ series: [Line], scale: (Double) -> String) -> String {
        let most = max(series.flatMap { $0.values.compactMap { $0 } }.max() ?? 0, 1)
        let step = width / Double(max(labels.count, 1))
        let drawn = series.map { line in
            var path = ""
            var isDrawing = false
            for (index, value) in line.values.enumerated() {
                guard let value else {
                    isDrawing = false
                    continue
                }
                let x = left + (Double(index) + 0.5) * step
                let y = top + height - value / most * height
                path += "\(isDrawing ? "L" : "M")\(at(x)) \(at(y))"
                // A point of its own is seen as a dot.
                if !isDrawing { path += "h0.01" }
                isDrawing = true
            }
            return "<path class=\"line \(line.kind)\" d=\"\(path)\"/>"
        }
        let legend = series.map {
            "<li><span class=\"key \($0.kind)\"></span>\(PageWords.shown($0.name))</li>"
        }
        return frame(most, scale, drawn.joined()) + "<ul class=\"legend\">\(legend.joined())</ul>"
    }

    private func frame(_ most: Double, _ scale: (Double) -> String, _ content: String) -> String {
        let grid = [0.0, 0.5, 1.0].map { share in
            let y = top + height - share * height
            return "<path class=\"grid\" d=\"M\(at(left)) \(at(y))H\(at(left + width))\"/>"
                + "<text x=\"\(at(left - 6))\" y=\"\(at(y + 4))\" text-anchor=\"end\">"
                + "\(PageWords.shown(scale(most * share)))</text>"
        }
        let step = width / Double(max(labels.count, 1))
        let days = labels.enumerated().filter { $0.offset.isMultiple(of: 5) || labels.count <= 7 }.map {
            index, day in
            "<text x=\"\(at(left + (Double(index) + 0.5) * step))\" y=\"204\" text-anchor=\"middle\">"
                + "\(PageWords.shown(day))</text>"
        }
        return "<svg role=\"img\" viewBox=\"0 0 720 220\" aria-labelledby=\"\(id)-t \(id)-d\">"
            + "<title id=\"\(id)-t\">\(PageWords.shown(title))</title>"
            + "<desc id=\"\(id)-d\">\(PageWords.shown(summary))</desc>"
            + grid.joined() + content + days.joined() + "</svg>"
    }

    /// One digit behind the point: enough for a screen, and always written the same way.
    private func at(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
