// The guard against a provider URL that leads into the gateway's own network.
import Testing

@testable import BursarProviders

@Suite struct NetworkPolicyTests {
    static let refused = [
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.1.2.3", "10.255.255.255", "100.64.0.0", "100.100.100.200",
        "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.0",
        "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1",
        "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
        "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b::169.254.169.254",
        "64:ff9b:1::1", "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:2::1",
        "2001:10::1", "2001:1ff:ffff::1", "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::1",
        "2002:c0a8:101::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456:789a::1", "fe80::1", "febf::1",
        "fec0::1", "ff02::1", "ff0e::1",
    ]

    static let permitted = [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:1::1", "2001:3::1", "2001:4:112::1", "2001:200::1",
        "2001:4860:4860::8888", "2002:808:808::1", "2606:4700::1111", "2a00:1450::1",
    ]

    @Test(arguments: refused) func specialAddressIsRefused(_ text: String) throws {
        let address = try #require(IPAddressValue(text))
        #expect(!NetworkPolicy.publicOnly.permits(address))
        #expect(NetworkPolicy.loopbackToo.permits(address) == address.isLoopback)
    }

    @Test(arguments: permitted) func publicAddressIsPermitted(_ text: String) throws {
        let address = try #require(IPAddressValue(text))
        #expect(NetworkPolicy.publicOnly.permits(address))
        #expect(NetworkPolicy.loopbackToo.permits(address))
        #expect(!NetworkPolicy.loopbackToo.permitsPlainHTTP(to: [address]))
    }

    @Test(arguments: ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
    func loopbackIsPermittedWhereAskedFor(_ text: String) throws {
        let address = try #require(IPAddressValue(text))
        #expect(NetworkPolicy.loopbackToo.permits(address))
        #expect(NetworkPolicy.loopbackToo.permitsPlainHTTP(to: [address]))
        #expect(!NetworkPolicy.publicOnly.permitsPlainHTTP(to: [address]))
    }

    /// NAT64 of 127.0.0.1 leads to the translator's loopback, if anywhere.
    @Test(arguments: ["64:ff9b::127.0.0.1", "2002:7f00:1::1", "::7f00:1"])
    func loopbackInOtherClothesIsNotLoopback(_ text: String) throws {
        #expect(!NetworkPolicy.loopbackToo.permits(try #require(IPAddressValue(text))))
    }

    @Test func listedNetworksAndNothingElse() throws {
        let policy = try NetworkPolicy(setting: "10.20.0.0/16, fd00::/8 203.0.113.7")
        for text in ["10.20.255.1", "::ffff:10.20.0.1", "64:ff9b::10.20.0.1", "fd12::1", "203.0.113.7"] {
            #expect(policy.permits(try #require(IPAddressValue(text))), "\(text)")
        }
        for text in ["10.21.0.0", "8.8.8.8", "127.0.0.1", "203.0.113.8", "2001:db8::1", "::1"] {
            #expect(!policy.permits(try #require(IPAddressValue(text))), "\(text)")
        }
        #expect(!policy.permitsPlainHTTP(to: [try #require(IPAddressValue("10.20.0.1"))]))
    }

    @Test func settingIsReadAndWritten() throws {
        #expect(try NetworkPolicy(setting: "public") == .publicOnly)
        #expect(try NetworkPolicy(setting: " loopback-too ") == .loopbackToo)
        let networks = try NetworkPolicy(setting: "10.0.0.0/8,2001:db8::/32")
        #expect(networks.description == "10.0.0.0/8,2001:db8::/32")
    }

    @Test(arguments: [
        "", "  ", "private", "public,10.0.0.0/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8", "10/8",
        "::/129",
        "fd00::1/8", "10.0.0.0/8/8", "0x0a.0.0.0/8", "example.com", "10.0.0.0/", "10.0.0.0/+8",
    ])
    func badSettingIsRefused(_ text: String) {
        #expect(throws: NetworkPolicyError.self) { try NetworkPolicy(setting: text) }
    }

    @Test(arguments: [
        ("0.0.0.0/0", "255.255.255.255", true), ("::/0", "ff02::1", true), ("::/0", "1.2.3.4", false),
        ("10.0.0.0/9", "10.127.0.1", true), ("10.0.0.0/9", "10.128.0.1", false),
        ("192.0.2.7/32", "192.0.2.7", true), ("192.0.2.7/32", "192.0.2.6", false),
        ("2001:db8:8000::/33", "2001:db8:ffff::1", true), ("2001:db8:8000::/33", "2001:db8:7fff::1", false),
    ])
    func rangeHoldsItsAddresses(_ range: String, _ address: String, _ holds: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(try #require(IPAddressValue(address))) == holds)
    }
}
