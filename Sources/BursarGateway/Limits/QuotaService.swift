// Exchanges quota with the other replicas while the gateway serves.
internal import BursarCore
internal import ServiceLifecycle

/// What is out at a stop is void two seconds later.
struct QuotaService: Service {
    let desk: QuotaDesk
    let environment: GatewayEnvironment

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await desk.tick()
                await environment.pause(QuotaDesk.interval)
            }
        }
    }
}
