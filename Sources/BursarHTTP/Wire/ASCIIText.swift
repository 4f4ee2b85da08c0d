// Comparing bytes with words of our own, without making text of them.
internal import BursarCore
internal import Glibc

/// Whether `text` is `word`, which is written in lower case, in whatever case. ASCII only: field names,
/// schemes and media types know no other letters. Eight bytes at once, since every request has a few of them.
func isWord(_ text: UnsafeRawBufferPointer, _ word: UnsafeRawBufferPointer) -> Bool {
    guard text.count == word.count else { return false }
    var place = 0
    while place + 8 <= text.count {
        let wanted = word.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        let difference = text.loadUnaligned(fromByteOffset: place, as: UInt64.self) ^ wanted
        guard difference & ~caseBits(of: wanted) == 0 else { return false }
        place += 8
    }
    while place < text.count {
        guard (text[place] ^ word[place]) & ~UInt8(truncatingIfNeeded: caseBits(of: UInt64(word[place]))) == 0
        else { return false }
        place += 1
    }
    return true
}

/// The bit that tells upper from lower case, in each byte of `word` that is one of `[a-z]`; all are ASCII.
private func caseBits(of word: UInt64) -> UInt64 {
    // A byte's highest bit is set from "a" on, and again from what follows "z" on.
    let fromA = word + 0x1f1f_1f1f_1f1f_1f1f
    let beyondZ = word + 0x0505_0505_0505_0505
    return (fromA & ~beyondZ & 0x8080_8080_8080_8080) >> 2
}

func isWord(_ text: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
    isWord(text, UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
}

func isWord(_ text: String, _ word: StaticString) -> Bool { text.withBytes { isWord($0, word) } }

func isSame(_ text: UnsafeRawBufferPointer, _ other: StaticString) -> Bool {
    isSame(text, UnsafeRawBufferPointer(start: other.utf8Start, count: other.utf8CodeUnitCount))
}

/// Whether both hold the same bytes.
func isSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let here = left.baseAddress, let there = right.baseAddress else { return true }
    return memcmp(here, there, left.count) == 0
}

/// Where the byte stands first; nil where it does not.
func place(of byte: UInt8, in text: UnsafeRawBufferPointer) -> Int? {
    guard let start = text.baseAddress, let found = memchr(start, Int32(byte), text.count) else {
        return nil
    }
    return UnsafeRawPointer(found) - start
}
