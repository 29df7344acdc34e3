import Foundation

/// The chunks of a RIFF WAVE file, as far as libsndfile falls short: it takes what is left of a truncated file
/// without a word, and reads no comment of more than 2 kB.
struct WAVChunks {
  private let count: Int
  private let bytes: (Range<Int>) -> Data
  /// Identifier, first byte of the body and the length that the file claims.
  private var chunks: [(name: String, body: Int, length: Int)] = []

  /// Bytes that fit behind a 32-bit length, with room for the header.
  static let longest = 0xFFFF_0000

  /// Chunks that are looked at; a file of nothing but empty chunks must not take forever.
  private static let most = 10_000

  /// Nil if the data is no RIFF WAVE file.
  init?(_ data: Data) {
    let data = data.startIndex == 0 ? data : Data(data)
    self.init(count: data.count) { data.subdata(in: $0) }
  }

  /// Reads of an open file what is asked for alone.
  init?(descriptor: Int32, count: Int) {
    self.init(count: count) { range in
      var data = Data(count: range.count)
      let read = data.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, range.count, off_t(range.lowerBound))
      }
      // What is gone since the file was opened reads as zeros; libsndfile will say so.
      return read == range.count ? data : Data(count: range.count)
    }
  }

  private init?(count: Int, bytes: @escaping (Range<Int>) -> Data) {
    (self.count, self.bytes) = (count, bytes)
    guard count >= 12, text(0) == "RIFF", text(8) == "WAVE" else { return nil }
    var position = 12
    while position + 8 <= count, chunks.count < Self.most {
      let length = number(position + 4)
      chunks.append((text(position), position + 8, length))
      position += 8 + length + length % 2
    }
  }

  private func text(_ position: Int) -> String {
    String(decoding: bytes(position..<position + 4), as: UTF8.self)
  }

  private func number(_ position: Int) -> Int {
    bytes(position..<position + 4).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// - Throws: ``MediaError`` if the samples reach beyond the end of the file.
  func requireWhole(file: String) throws {
    guard let samples = chunks.first(where: { $0.name == "data" }) else { return }
    // Programs that write to a pipe leave a length that means "to the end".
    let isOpenEnded = samples.length >= 0x7FFF_F000
    guard isOpenEnded || samples.body + samples.length <= count else {
      throw MediaError(
        "the WAV file is cut short: \(count - samples.body) of \(samples.length) bytes of samples",
        file: file, remedy: "a complete file is needed")
    }
  }

  /// The ICMT entry of a LIST chunk of the kind INFO.
  var comment: String? {
    for chunk in chunks where chunk.name == "LIST" && chunk.length >= 4 {
      let end = min(chunk.body + chunk.length, count)
      guard chunk.body + 4 <= end, text(chunk.body) == "INFO" else { continue }
      var position = chunk.body + 4
      while position + 8 <= end {
        let length = number(position + 4)
        let last = min(position + 8 + length, end)
        if text(position) == "ICMT" {
          return String(decoding: bytes(position + 8..<last).prefix { $0 != 0 }, as: UTF8.self)
        }
        position += 8 + length + length % 2
      }
    }
    return nil
  }

  /// The bytes before the samples, for so many frames of so many bytes together, and so many bytes of chunks behind them.
  func header(frames: Int, bytes: Int, behind: Int) -> Data? {
    guard let samples = chunks.first(where: { $0.name == "data" }) else { return nil }
    var header = self.bytes(0..<samples.body)
    if let fact = chunks.first(where: { $0.name == "fact" && $0.body < samples.body }) {
      header.replaceSubrange(fact.body..<fact.body + 4, with: Self.word(frames))
    }
    header.replaceSubrange(samples.body - 4..<samples.body, with: Self.word(bytes))
    header.replaceSubrange(4..<8, with: Self.word(samples.body + bytes + bytes % 2 + behind - 8))
    return header
  }

  /// A LIST chunk with the comment; it goes behind the samples, where programs that ignore it are not disturbed.
  static func list(comment: String) -> Data {
    var text = Data(comment.utf8) + [0]
    if text.count % 2 == 1 { text.append(0) }
    return Data("LIST".utf8) + word(text.count + 12) + Data("INFOICMT".utf8) + word(text.count) + text
  }

  private static func word(_ value: Int) -> Data {
    withUnsafeBytes(of: UInt32(value).littleEndian) { Data($0) }
  }
}
