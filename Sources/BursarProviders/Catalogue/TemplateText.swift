// Templates as profiles write them.
import BursarCore

enum TemplateText {
    /// Nil unless every `{` is closed after a name of letters, digits and `_`, the characters that a caller's
    /// member may have.
    static func template(_ text: String) -> Template? {
        guard let template = Template(text) else { return nil }
        let namesAreProper = template.placeholders.allSatisfy { name in
            name.utf8.allSatisfy { isBase62($0) || $0 == UInt8(ascii: "_") }
        }
        return namesAreProper ? template : nil
    }

    /// As it stood in the file.
    static func text(of template: Template) -> String {
        template.parts.map { part in
            switch part {
            case .text(let text): text
            case .placeholder(let name): "{\(name)}"
            }
        }.joined()
    }
}
