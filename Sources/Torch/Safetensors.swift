public import Foundation

/// A safetensors file: named arrays and a table of texts.
///
/// Format: <https://github.com/huggingface/safetensors#format>. The same contents make the same bytes, and these are
/// the bytes that the reference implementation writes: the widest element type first, so that every tensor is
/// aligned, then by name.
public struct Safetensors: Sendable, Equatable {
  public var metadata: [String: String]
  public var tensors: [String: HostArray]

  public init(metadata: [String: String] = [:], tensors: [String: HostArray] = [:]) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// The tensors' names in the order of their UTF-8.
  public var names: [String] { tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  /// Reads a whole file that is already in memory. The arrays share its storage.
  /// - Parameter name: what to call it in messages.
  /// - Throws: `FormatError` for anything but a well-formed file whose tensors fill it exactly.
  public init(data: Data, name: String) throws {
    let header = try SafetensorsHeader(data: data, fileSize: data.count, name: name)
    let start = data.startIndex + header.size
    tensors = try [String: HostArray](
      uniqueKeysWithValues: header.entries.map { key, entry in
        let bytes = data[start + entry.range.lowerBound..<start + entry.range.upperBound]
        do {
          return (key, try HostArray(dtype: entry.dtype, shape: entry.shape, bytes: bytes))
        } catch let error as FormatError {
          throw FormatError(error, within: "\(name), tensor \(FormatError.quoted(key))")
        }
      })
    metadata = header.metadata
  }

  /// - Throws: `FormatError` for a broken file, or one that cannot be read.
  public init(contentsOf url: URL) throws {
    // The header first, so that a huge file of another kind is refused before it fills the memory.
    _ = try Self.readHeader(of: url)
    let data: Data
    do { data = try Data(contentsOf: url) } catch { throw RegularFile.unreadable(url, expected: Self.kind) }
    try self.init(data: data, name: url.lastPathComponent)
  }

  /// Reads names, types, shapes and metadata alone, however large the file is.
  /// - Throws: `FormatError` for a broken header, or a file that cannot be read or is not as long as its header says.
  public static func readHeader(of url: URL) throws -> SafetensorsHeader {
    let name = url.lastPathComponent
    try RegularFile.check(url, expected: kind)
    var data: Data
    let fileSize: Int
    do {
      let file = try FileHandle(forReadingFrom: url)
      defer { try? file.close() }
      fileSize = Int(clamping: try file.seekToEnd())
      try file.seek(toOffset: 0)
      data = try file.read(upToCount: 8) ?? Data()
      let length = try SafetensorsHeader.length(data: data, fileSize: fileSize, name: name)
      data.append(try file.read(upToCount: length) ?? Data())
    } catch let error as FormatError {
      throw error
    } catch {
      throw RegularFile.unreadable(url, expected: kind)
    }
    return try SafetensorsHeader(data: data, fileSize: fileSize, name: name)
  }

  /// The file's bytes.
  /// - Throws: `FormatError` when a tensor is called `__metadata__`.
  public func encoded() throws -> Data {
    var data = Data()
    try encode { data.append($0) }
    return data
  }

  /// The file's bytes in pieces, header first and then tensor by tensor, so that no second copy of the weights is
  /// made.
  /// - Throws: `FormatError` when a tensor is called `__metadata__`, and whatever `write` throws.
  public func encode(_ write: (Data) throws -> Void) throws {
    guard tensors[SafetensorsHeader.metadataKey] == nil else {
      throw FormatError(
        in: "safetensors", "a tensor is called '\(SafetensorsHeader.metadataKey)'",
        expected: "another name: this one is the format's own")
    }
    let rank = Dictionary(
      uniqueKeysWithValues: DType.allCases.enumerated().map { ($0.element, $0.offset) })
    let ordered = tensors.sorted {
      let (left, right) = (rank[$0.value.dtype] ?? 0, rank[$1.value.dtype] ?? 0)
      return left == right ? $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) : left > right
    }
    var entries: [(name: String, entry: SafetensorsHeader.Entry)] = []
    var end = 0
    for (name, array) in ordered {
      let range = end..<end + array.bytes.count
      entries.append((name, SafetensorsHeader.Entry(dtype: array.dtype, shape: array.shape, range: range)))
      end = range.upperBound
    }
    try write(SafetensorsHeader.encoded(metadata: metadata, entries: entries))
    for (_, array) in ordered { try write(array.bytes) }
  }

  private static let kind = "a safetensors file"
}
