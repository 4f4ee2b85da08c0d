// The SQL files of db/, as compiled into the program.
private import Crypto

/// What `db/` held when this program was built.
struct SchemaFiles: Sendable {
    struct File: Sendable {
        let name: String
        let text: String
        let checksum: [UInt8]

        init(name: String, text: String) {
            self.name = name
            self.text = text
            checksum = Array(SHA256.hash(data: Array(text.utf8)))
        }

        /// The oldest migration that a program must know to work with the schema after this one: the
        /// file's `-- compatible-from:` line. Migrations expand first and contract later, so that the
        /// release before goes on serving.
        var compatibleFrom: String? {
            let marker = "-- compatible-from: "
            let line = text.split(separator: "\n").first { $0.hasPrefix(marker) }
            return line.map { String($0.dropFirst(marker.count)) }
        }
    }

    let roles: String
    /// In their order; a name begins with its four-digit number.
    let migrations: [File]
    /// Run again whenever they change, in this order.
    let views: [File]

    static let built = SchemaFiles(EmbeddedFiles.all)

    init(_ files: [(name: String, text: String)]) {
        roles = files.first { $0.name == "roles.sql" }?.text ?? ""
        let numbered = files.filter { $0.name.first?.isNumber == true }
        migrations = numbered.sorted { $0.name < $1.name }.map { File(name: $0.name, text: $0.text) }
        views = files.filter { $0.name != "roles.sql" && $0.name.first?.isNumber != true }
            .sorted { $0.name < $1.name }.map { File(name: $0.name, text: $0.text) }
    }
}
