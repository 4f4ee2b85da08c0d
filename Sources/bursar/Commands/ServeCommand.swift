// bursar serve
import ArgumentParser

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve tokens until SIGTERM or SIGINT.")
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        ProcessHardening.raiseFileLimit()
        ProcessHardening.fitEventLoops()
        ProcessHardening.fitAllocator()
        let settings = try options.settings()
        try await GatewayProcess(settings: settings).run()
    }
}
