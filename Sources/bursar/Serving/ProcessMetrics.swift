// What the kernel says of this process: time, memory, open files.
import Foundation
import Glibc
import Metrics
import Prometheus
import Synchronization

/// Read from /proc at each scrape (proc(5)); what cannot be read keeps its last value.
struct ProcessMetrics: Sendable {
    private enum Name {
        static let cpu = "bursar_process_cpu_seconds_total"
        static let resident = "bursar_process_resident_memory_bytes"
        static let virtual = "bursar_process_virtual_memory_bytes"
        static let openFiles = "bursar_process_open_fds"
        static let mostFiles = "bursar_process_max_fds"
        static let threads = "bursar_process_threads"
        static let start = "bursar_process_start_time_seconds"
    }

    static let families = [
        MetricFamily(Name.cpu, .counter, help: "Processor time used, in user and kernel mode, in seconds."),
        MetricFamily(Name.resident, .gauge, help: "Memory in use, in bytes."),
        MetricFamily(Name.virtual, .gauge, help: "Address space in use, in bytes."),
        MetricFamily(Name.openFiles, .gauge, help: "Open files and sockets."),
        MetricFamily(Name.mostFiles, .gauge, help: "How many there may be."),
        MetricFamily(Name.threads, .gauge, help: "Threads."),
        MetricFamily(Name.start, .gauge, help: "When the process started, in seconds since 1970."),
    ]

    /// Seconds from the counter's last value to this one are added.
    private let cpu: FloatingPointCounter
    private let gauges: [String: Gauge]
    private let counted = CountedTime()

    init(factory: any MetricsFactory) {
        cpu = FloatingPointCounter(label: Name.cpu, factory: factory)
        let names = [
            Name.resident, Name.virtual, Name.openFiles, Name.mostFiles, Name.threads, Name.start,
        ]
        gauges = Dictionary(
            uniqueKeysWithValues: names.map { ($0, Gauge(label: $0, factory: factory)) })
    }

    func record() {
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            gauges[Name.openFiles]?.record(open)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            gauges[Name.mostFiles]?.record(Double(limit.rlim_cur))
        }
        guard let stat = ProcessStat() else { return }
        cpu.increment(by: counted.advance(to: stat.cpuSeconds))
        gauges[Name.resident]?.record(stat.residentBytes)
        gauges[Name.virtual]?.record(stat.virtualBytes)
        gauges[Name.threads]?.record(stat.threads)
        if let start = stat.startTime { gauges[Name.start]?.record(start) }
    }
}

/// A counter is told of differences, the kernel tells totals; several scrapes may ask at once.
private final class CountedTime: Sendable {
    private let last = Mutex(0.0)

    func advance(to total: Double) -> Double {
        last.withLock { last in
            defer { last = max(last, total) }
            return max(0, total - last)
        }
    }
}

/// The fields of /proc/self/stat that are shown (proc(5), by their numbers there).
private struct ProcessStat {
    let cpuSeconds: Double
    let threads: Int64
    let residentBytes: Int64
    let virtualBytes: Int64
    /// In seconds since 1970; nil when the kernel does not say when it was booted.
    let startTime: Double?

    init?() {
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        // What follows the program's name begins with field 3.
        let fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
        func field(_ number: Int) -> Int64? {
            fields.indices.contains(number - 3) ? Int64(fields[number - 3]) : nil
        }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
            let virtual = field(23), let pages = field(24)
        else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        cpuSeconds = Double(user + system) / ticks
        self.threads = threads
        virtualBytes = virtual
        residentBytes = pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
        startTime = Self.bootTime.map { $0 + Double(start) / ticks }
    }

    private static let bootTime: Double? = {
        let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8)
        let line = text?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) }
    }()
}
