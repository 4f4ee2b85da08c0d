// The flags that every command takes.
import ArgumentParser
import Foundation

struct GlobalOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "A YAML file of settings.")
    var configuration: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("A setting, as key=value.", valueName: "key=value"))
    var assignments: [String] = []

    @Flag(help: "Print results as JSON.")
    var json = false

    func settings() throws(SettingsError) -> Settings {
        try Settings(
            flags: assignments, file: configuration, environment: ProcessInfo.processInfo.environment)
    }
}
