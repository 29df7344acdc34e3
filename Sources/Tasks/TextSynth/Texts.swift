internal import Foundation
internal import MediaIO
internal import PipelineCore

/// Texts of several styles, of which the last tenth is never trained on.
struct Texts: Sendable {
  /// In the order of their names.
  let styles: [String]
  private let bytes: [[UInt8]]

  /// - Parameters:
  ///   - styles: names, sorted.
  ///   - bytes: of each style.
  init(styles: [String], bytes: [[UInt8]]) { (self.styles, self.bytes) = (styles, bytes) }

  /// Reads every `.txt` file of the folders, which is called like its style.
  /// - Throws: `PipelineError` of kind `.usage` without folders, of kind `.data` for folders that hold too little, and texts
  ///   that are not UTF-8.
  init(_ folders: [URL]) throws {
    guard !folders.isEmpty else {
      throw PipelineError.usage(
        "text-synth needs --data with a folder of texts, each called like its style, such as scripts/gather-texts makes"
      )
    }
    var found: [String: [UInt8]] = [:]
    for folder in folders {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      for name in names.sorted() where name.hasSuffix(".txt") && !name.hasPrefix(".") {
        let style = String(name.dropLast(4))
        guard found[style] == nil else {
          throw PipelineError.data("there are two texts of the style '\(style)' in the folders")
        }
        let file = folder.appendingPathComponent(name)
        found[style] = try Self.valid(FileBytes.read(file), name: file.relativePath)
      }
    }
    styles = found.keys.sorted()
    bytes = styles.compactMap { found[$0] }
    guard !styles.isEmpty else {
      throw PipelineError.data(
        "\(folders.map(\.relativePath).joined(separator: ", ")): no .txt file, each called like its style, is there"
      )
    }
    for (style, bytes) in zip(styles, bytes) where bytes.count < Self.leastBytes {
      throw PipelineError.data(
        "the text '\(style)' has \(bytes.count) bytes; \(Self.leastBytes) or more would be right")
    }
  }

  /// Of a text to learn from.
  static let leastBytes = 10_000

  /// - Throws: `PipelineError` of kind `.data` that says where the first byte lies that is not UTF-8.
  static func valid(_ data: Data, name: String) throws -> [UInt8] {
    let bytes = [UInt8](data)
    var state = UTF8State()
    for (place, byte) in bytes.enumerated() {
      guard state.allows(byte) else {
        throw PipelineError.data("\(name) is not UTF-8: byte \(place) cannot stand there")
      }
      state.take(byte)
    }
    guard state.isWhole else {
      throw PipelineError.data("\(name) is not UTF-8: its last character is cut off")
    }
    return bytes
  }

  /// What is trained on: the first nine tenths of each.
  var known: Texts { Texts(styles: styles, bytes: bytes.map { Array($0[..<Self.split($0)]) }) }
  /// The last tenth of each.
  var heldOut: Texts { Texts(styles: styles, bytes: bytes.map { Array($0[Self.split($0)...]) }) }

  /// Never amid a character.
  private static func split(_ text: [UInt8]) -> Int {
    var place = text.count * 9 / 10
    while place < text.count, text[place] & 0xC0 == 0x80 { place += 1 }
    return place
  }

  subscript(style: Int) -> [UInt8] { bytes[style] }

  var byteCount: Int { bytes.reduce(0) { $0 + $1.count } }
}
