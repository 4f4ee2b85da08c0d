// Frames as they are made of a page's bytes.
import BursarCore
import BursarTestSupport
import Foundation
import Testing

@testable import BursarGateway

@Suite struct JournalFrameTests {
    private let label = JournalFrame.Label(
        journal: JournalID(
            directory: UUIDValue(high: 1, low: 2), boot: ReplicaID(UUIDValue(high: 3, low: 4))),
        sequence: 5, sealedAt: JournalTests.now)

    private func count(_ tenant: UInt64, _ number: Int64) -> JournalRecord {
        .count(UsageCount(key: JournalTests.key(tenant), minute: JournalTests.minute, count: number))
    }

    private func bytes(of record: JournalRecord) -> [UInt8] {
        let size =
            switch record {
            case .count: JournalRecord.countSize
            case .event: JournalRecord.eventSize
            }
        var bytes = [UInt8](repeating: 0, count: size)
        bytes.withUnsafeMutableBytes { bytes in
            record.write(to: bytes)
            // As in a page, where both checks are there.
            bytes.storeBytes(of: 77, toByteOffset: 0, as: UInt64.self)
            if case .count = record {
                bytes.storeBytes(of: 88, toByteOffset: JournalRecord.ownCheckOffset, as: UInt64.self)
            }
        }
        return bytes
    }

    private func frame(of records: [JournalRecord]) -> (bytes: [UInt8], counted: Int64) {
        var writer = JournalFrameWriter()
        for record in records { bytes(of: record).withUnsafeBytes { writer.append($0) } }
        let counted = writer.counted
        return (writer.finished(as: label), counted)
    }

    @Test func whatIsWrittenIsRead() throws {
        let event = JournalTests.event(1, failure: nil)
        let (bytes, counted) = frame(of: [count(1, 7), .event(event), count(2, 35)])
        #expect(counted == 42)
        try bytes.withUnsafeBytes { bytes in
            let frame = try #require(JournalFrame(bytes))
            #expect(frame.size == bytes.count)
            #expect(frame.label == label)
            var records: [JournalRecord?] = []
            let isWhole = frame.forEachRecord { record in
                records.append(JournalRecord(record))
                return true
            }
            #expect(isWhole && records == [count(1, 7), .event(event), count(2, 35)])
        }
    }

    /// A frame byte by byte as its format has it (`JournalFrame`, `JournalRecord`), put together here: frames
    /// of every program that was ever used must be read.
    @Test func theFormatIsWhatItWas() {
        func words(_ words: UInt64...) -> [UInt8] {
            words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
        }
        let minute = UInt64(JournalTests.minute)
        var record = words(0) + [1, 0, 1, 24, 8, 1, 0, 0]
        record += words(minute, 5, 1, 7, 0) + Array("brc_ABCDEFGHIJ0123456789zertiban".utf8)
        record += [UInt8](repeating: 0, count: JournalRecord.countSize - record.count)
        let head = Array("BRSRFRM1".utf8) + words(128, 1, 2, 3, 4, 5, 1, 1_795_000_000_000_000)
        // SHA-256 of both, computed elsewhere.
        let digest = words(
            0x81ca_ce7a_fde0_1717, 0xa5e7_1b93_0c47_507d, 0xda8d_e796_4687_9f5e, 0x6800_029a_42b9_3524)
        #expect(frame(of: [count(1, 7)]).bytes == head + digest + record)
    }

    /// Killed between the two stores of an increment, a count is one ahead of its check.
    @Test func aCountMayBeOneAheadOfItsCheck() {
        let salt: UInt64 = 99
        func isIntact(_ number: Int64, checked: Int64) -> Bool {
            var bytes = bytes(of: count(1, number))
            return bytes.withUnsafeMutableBytes { bytes in
                let check = JournalRecord.check(UnsafeRawBufferPointer(bytes), salt: salt)
                let own = JournalRecord.check(ofCount: checked, in: check)
                bytes.storeBytes(of: check.littleEndian, as: UInt64.self)
                bytes.storeBytes(
                    of: own.littleEndian, toByteOffset: JournalRecord.ownCheckOffset, as: UInt64.self)
                return JournalRecord.isIntact(UnsafeRawBufferPointer(bytes), salt: salt)
            }
        }
        #expect(isIntact(7, checked: 7))
        #expect(isIntact(7, checked: 6))
        #expect(!isIntact(7, checked: 5))
        #expect(!isIntact(7, checked: 8))
        #expect(!isIntact(0, checked: 0))
    }

    @Test func aChangedByteIsNoFrame() {
        let (bytes, _) = frame(of: [count(1, 7), count(2, 1)])
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 1
            #expect(other.withUnsafeBytes { JournalFrame($0) == nil }, "byte \(place)")
        }
        #expect(bytes.dropLast().withUnsafeBytes { JournalFrame($0) == nil })
    }

    /// A later program's record is damage, and takes nothing else with it: within a frame it would make all
    /// of that unreadable.
    @Test func aRecordThatNobodyHereCanReadIsLeftOut() async throws {
        let folder = JournalTests.folders.make()
        let limits = JournalLimits(lanes: 1, pageBytes: 1 << 15)
        let dead = try JournalTests.open(folder, boot: 1, limits: limits)
        for tenant in 1...3 { dead.count(JournalTests.key(UInt64(tenant)), minute: JournalTests.minute) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let pages = folder + "/" + (try #require(names.first { $0.hasSuffix(".pages") }))
        let salt = JournalPage.salt(sequence: 1, boot: ReplicaID(UUIDValue(high: 7, low: 1)), lane: 0)
        let place = JournalPagesHead.size + JournalRecord.stride
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: pages)))
        bytes.withUnsafeMutableBytes { bytes in
            let record = UnsafeMutableRawBufferPointer(
                rebasing: bytes[place..<place + JournalRecord.countSize])
            #expect(JournalRecord.isIntact(UnsafeRawBufferPointer(record), salt: salt))
            record[9] = 200
            let check = JournalRecord.check(UnsafeRawBufferPointer(record), salt: salt)
            record.storeBytes(of: check.littleEndian, as: UInt64.self)
            record.storeBytes(
                of: JournalRecord.check(ofCount: 1, in: check).littleEndian,
                toByteOffset: JournalRecord.ownCheckOffset, as: UInt64.self)
            #expect(JournalRecord.isIntact(UnsafeRawBufferPointer(record), salt: salt))
        }
        try Data(bytes).write(to: URL(fileURLWithPath: pages))
        let next = try JournalTests.open(folder, boot: 2)
        #expect(next.recovery.damage.map(\.offset) == [place, place + JournalRecord.stride])
        #expect(next.recovery.recoveredCounts == 2)
        let store = MemoryUsageStore()
        try await JournalTests.drain(next, to: store)
        #expect(store.sum == 2)
    }
}
