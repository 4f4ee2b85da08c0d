// The frame of a page: one file, no script, nothing from elsewhere.

enum Markup {
    static func opening(_ title: String, _ note: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/><title>\(escaped(title))</title>
        <style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;margin:1.5rem}
        table{border-collapse:collapse;max-width:100%}th,td{padding:.25rem .5rem;text-align:right}
        th:first-child{text-align:left;overflow-wrap:anywhere}tr{break-inside:avoid}</style></head>
        <body><main><h1>\(escaped(title))</h1><p>\(escaped(note))</p><table>

        """
    }

    static let closing = "</tbody></table></main></body></html>\n"

    static func row(_ name: String, _ cells: [String]) -> String {
        "<tr><th scope=\"row\">\(escaped(name))</th>"
            + cells.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>\n"
    }

    static func escaped(_ raw: String) -> String {
        var text = ""
        for scalar in raw.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
