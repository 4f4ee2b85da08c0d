// What the benchmarks need besides the product: tenants by the thousand, and the floor to measure against.
import ArgumentParser

@main
struct BenchmarkTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark-tool", abstract: "Parts of Tests/Benchmarks.",
        subcommands: [SeedCommand.self, DecoderCommand.self, PartsCommand.self, RequestsCommand.self])
}
