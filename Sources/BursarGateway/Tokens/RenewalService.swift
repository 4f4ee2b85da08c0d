// Renews tokens before they end, and gives up flights that outlive their deadline.
internal import BursarCore
internal import ServiceLifecycle

/// Looks at the desk's calendar four times a second: margins are seconds, so nothing needs to be finer.
struct RenewalService: Service {
    let desk: TokenDesk
    let environment: GatewayEnvironment

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                desk.renewDue(now: environment.clock.now(), jitter: environment.random.fraction)
                await environment.pause(.milliseconds(250))
            }
        }
    }
}
