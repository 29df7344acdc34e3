import Foundation

/// A PNG encoder that shares nothing with libpng: stored deflate, any colour type, depth and interlacing, and
/// chunks that may be wrong on purpose.
struct RawPNG {
  struct Chunk {
    var type: String
    var body: [UInt8]

    var bytes: [UInt8] {
      let name = Array(type.utf8)
      return RawPNG.bigEndian(body.count) + name + body + RawPNG.bigEndian(Int(RawPNG.crc(name + body)))
    }
  }

  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10]
  var chunks: [Chunk]

  var data: Data { Data(Self.signature + chunks.flatMap(\.bytes)) }

  /// - Parameters:
  ///   - samples: `[height, width, samples a pixel]`, as they stand in the file (palette indices, too).
  ///   - extra: Chunks between IHDR and IDAT.
  init(
    width: Int, height: Int, colourType: Int, depth: Int, isInterlaced: Bool = false, samples: [Int],
    extra: [Chunk] = []
  ) {
    let count = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colourType] ?? 1
    let header =
      Self.bigEndian(width) + Self.bigEndian(height)
      + [UInt8(depth), UInt8(colourType), 0, 0, isInterlaced ? 1 : 0]
    // Adam7 (PNG specification, 8.2): start and step of each pass.
    let passes =
      isInterlaced
      ? [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
      ] : [(0, 0, 1, 1)]
    var stream: [UInt8] = []
    for (x0, y0, dx, dy) in passes {
      let columns = Array(stride(from: x0, to: width, by: dx))
      guard !columns.isEmpty else { continue }
      var previous: [UInt8] = []
      for (index, y) in stride(from: y0, to: height, by: dy).enumerated() {
        let row = columns.flatMap { x in (0..<count).map { samples[(y * width + x) * count + $0] } }
        let packed = Self.pack(row, depth: depth)
        if previous.isEmpty { previous = [UInt8](repeating: 0, count: packed.count) }
        let filter = index % 5
        stream.append(UInt8(filter))
        stream += Self.filtered(packed, previous, filter, pixelBytes: max(1, count * depth / 8))
        previous = packed
      }
    }
    chunks =
      [Chunk(type: "IHDR", body: header)] + extra
      + [Chunk(type: "IDAT", body: Self.zlibStored(stream)), Chunk(type: "IEND", body: [])]
  }

  static func pack(_ row: [Int], depth: Int) -> [UInt8] {
    if depth == 16 { return row.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
    var bytes = [UInt8](repeating: 0, count: (row.count * depth + 7) / 8)
    for (index, value) in row.enumerated() {
      let bit = index * depth
      bytes[bit / 8] |= UInt8(value << (8 - depth - bit % 8))
    }
    return bytes
  }

  static func filtered(_ row: [UInt8], _ up: [UInt8], _ filter: Int, pixelBytes: Int) -> [UInt8] {
    row.indices.map { i in
      let a = i >= pixelBytes ? Int(row[i - pixelBytes]) : 0
      let b = Int(up[i])
      let c = i >= pixelBytes ? Int(up[i - pixelBytes]) : 0
      let p = a + b - c
      let (pa, pb, pc) = (abs(p - a), abs(p - b), abs(p - c))
      let paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c
      let prediction = [0, a, b, (a + b) / 2, paeth][filter]
      return UInt8(truncatingIfNeeded: Int(row[i]) - prediction)
    }
  }

  static func zlibStored(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x78, 0x01]
    let blocks = stride(from: 0, to: max(bytes.count, 1), by: 65535)
    for start in blocks {
      let block = bytes[start..<min(start + 65535, bytes.count)]
      let isLast: UInt8 = start + 65535 >= bytes.count ? 1 : 0
      out += [isLast, UInt8(block.count & 255), UInt8(block.count >> 8)]
      out += [UInt8(~block.count & 255), UInt8(~block.count >> 8 & 255)]
      out += block
    }
    var (a, b) = (1, 0)
    for byte in bytes {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    return out + bigEndian(b << 16 | a)
  }

  static func bigEndian(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }

  private static let crcTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }

  static func crc(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { $0 >> 8 ^ crcTable[Int(UInt8($0 & 255) ^ $1)] }
  }
}

/// SplitMix64: test data that is the same in every run.
struct TestNumbers: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
