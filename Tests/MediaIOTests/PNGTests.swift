import Foundation
import MediaIO
import Testing

/// One colour type at one depth, as in PngSuite.
struct PNGKind: CustomTestStringConvertible {
  let colourType: Int
  let depth: Int
  let hasTransparency: Bool
  let isInterlaced: Bool

  var testDescription: String {
    "type \(colourType), \(depth) bits\(hasTransparency ? ", tRNS" : "")\(isInterlaced ? ", interlaced" : "")"
  }

  static let all: [PNGKind] = [
    (0, [1, 2, 4, 8, 16]), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16]),
  ].flatMap { type, depths in
    depths.flatMap { depth in
      (type < 4 ? [false, true] : [false]).flatMap { transparency in
        [false, true].map {
          PNGKind(colourType: type, depth: depth, hasTransparency: transparency, isInterlaced: $0)
        }
      }
    }
  }
}

@Suite struct PNGReading {
  /// Writes a picture of the kind and says, without libpng, what must be read from it.
  func example(_ kind: PNGKind, width: Int, height: Int) -> (RawPNG, Image.Channels, [Int]) {
    var numbers = TestNumbers(UInt64(kind.colourType * 100 + kind.depth + width))
    let count = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][kind.colourType] ?? 1
    let largest = 1 << kind.depth - 1
    let samples = (0..<width * height * count).map { _ in Int.random(in: 0...largest, using: &numbers) }
    let pixels = stride(from: 0, to: samples.count, by: count).map { Array(samples[$0..<$0 + count]) }
    // 255 / (2^depth − 1) is whole for 1, 2, 4 and 8 bits.
    let scale = kind.depth < 8 ? 255 / largest : 1
    let opaque = kind.depth == 16 ? 65535 : 255

    var extra: [RawPNG.Chunk] = []
    var expected: [[Int]]
    var channels = Image.Channels(rawValue: count) ?? .grey
    if kind.colourType == 3 {
      let palette = (0...largest).map { _ in (0..<3).map { _ in Int.random(in: 0...255, using: &numbers) } }
      let alphas = (0...largest / 2).map { _ in Int.random(in: 0...255, using: &numbers) }
      extra.append(RawPNG.Chunk(type: "PLTE", body: palette.flatMap { $0.map { UInt8($0) } }))
      expected = pixels.map { palette[$0[0]] }
      channels = .rgb
      if kind.hasTransparency {
        extra.append(RawPNG.Chunk(type: "tRNS", body: alphas.map { UInt8($0) }))
        expected = pixels.map { palette[$0[0]] + [$0[0] < alphas.count ? alphas[$0[0]] : 255] }
        channels = .rgba
      }
    } else {
      expected = pixels.map { $0.map { $0 * scale } }
      if kind.hasTransparency {
        let clear = pixels[pixels.count / 2]
        extra.append(
          RawPNG.Chunk(type: "tRNS", body: clear.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }))
        expected = zip(expected, pixels).map { $0 + [$1 == clear ? 0 : opaque] }
        channels = count == 1 ? .greyAlpha : .rgba
      }
    }
    let png = RawPNG(
      width: width, height: height, colourType: kind.colourType, depth: kind.depth,
      isInterlaced: kind.isInterlaced, samples: samples, extra: extra)
    return (png, channels, expected.flatMap { $0 })
  }

  @Test(arguments: PNGKind.all)
  func everyKindIsExpandedExactly(_ kind: PNGKind) throws {
    for (width, height) in [(1, 1), (3, 2), (9, 13), (32, 17)] {
      let (png, channels, expected) = example(kind, width: width, height: height)
      let image = try Image(pngData: png.data)
      #expect(image.width == width && image.height == height)
      #expect(image.channels == channels)
      #expect(image.bitDepth == (kind.depth == 16 ? 16 : 8))
      #expect(image.values == expected)
    }
  }

  @Test(arguments: PNGKind.all)
  func rowsAreTheSameInAnyPieces(_ kind: PNGKind) throws {
    let (png, _, expected) = example(kind, width: 11, height: 13)
    let reader = try PNGReader(data: png.data)
    #expect(reader.header.isInterlaced == kind.isInterlaced)
    var values: [Int] = []
    for count in [1, 5, 3, 100, 1] {
      switch try reader.readRows(count) {
      case .uint8(let rows): values += rows.map(Int.init)
      case .uint16(let rows): values += rows.map(Int.init)
      }
    }
    #expect(values == expected)
    #expect(reader.rowsRead == 13)
  }

  @Test func filesAreReadInARow() throws {
    try withFolder { folder in
      let image = Image.noise(width: 300, height: 200, channels: .rgb, bitDepth: 16)
      let url = folder.appending(path: "a.png")
      try image.pngData().write(to: url)
      let reader = try PNGReader(contentsOf: url)
      var values: [UInt16] = []
      while case .uint16(let rows) = try reader.readRows(7), !rows.isEmpty { values += rows }
      #expect(.uint16(values) == image.samples)
      refusal("no such file") { try PNGReader(contentsOf: folder.appending(path: "b.png")) }
      try image.pngData().dropLast(20_000).write(to: url)
      let truncated = try PNGReader(contentsOf: url)
      refusal("a.png", "cut short") { try truncated.readRows(200) }
    }
  }

  @Test func trailingBytesAreIgnored() throws {
    let image = Image.noise(width: 5, height: 4, channels: .grey, bitDepth: 8)
    #expect(try Image(pngData: image.pngData() + Data("garbage".utf8)) == image)
  }

  @Test func sliceOfDataIsRead() throws {
    let image = Image.noise(width: 5, height: 4, channels: .rgba, bitDepth: 8)
    let slice = (Data("1234567".utf8) + (try image.pngData())).dropFirst(7)
    #expect(try Image(decoding: slice, name: "slice") == image)
  }
}

@Suite struct PNGWriting {
  @Test(arguments: Image.Channels.allCases, [8, 16])
  func roundTripIsExact(_ channels: Image.Channels, _ bitDepth: Int) throws {
    for (width, height) in [(1, 1), (7, 5), (64, 33)] {
      let image = Image.noise(width: width, height: height, channels: channels, bitDepth: bitDepth)
      let data = try image.pngData()
      #expect(try Image(pngData: data) == image)
      #expect(try image.pngData() == data)
    }
  }

  @Test func rowsAreWrittenLikeTheWhole() throws {
    let image = Image.noise(width: 6, height: 5, channels: .rgb, bitDepth: 8)
    guard case .uint8(let samples) = image.samples else { return }
    var data = Data()
    let writer = try PNGWriter(header: PNGHeader(width: 6, height: 5, channels: .rgb, bitDepth: 8)) {
      data.append(contentsOf: $0)
    }
    try writer.writeRows(.uint8(Array(samples[..<18])))
    refusal("1 of 5 rows") { try writer.finish() }
    refusal("17 samples") { try writer.writeRows(.uint8(Array(samples[..<17]))) }
    refusal("16 bits") { try writer.writeRows(.uint16([UInt16](repeating: 0, count: 18))) }
    try writer.writeRows(.uint8(Array(samples[18...])))
    refusal("0 rows") { try writer.writeRows(.uint8(Array(samples[..<18]))) }
    try writer.finish()
    #expect(try data == image.pngData())
  }

  @Test func errorsOfTheSinkComeThrough() throws {
    struct Full: Error {}
    let header = PNGHeader(width: 400, height: 400, channels: .rgb, bitDepth: 8)
    #expect(throws: Full.self) { try PNGWriter(header: header) { _ in throw Full() } }
    var count = 0
    let writer = try PNGWriter(header: header) { bytes in
      count += bytes.count
      if count > 10_000 { throw Full() }
    }
    let image = Image.noise(width: 400, height: 400, channels: .rgb, bitDepth: 8)
    #expect(throws: Full.self) { try writer.writeRows(image.samples) }
  }

  @Test func headersThatDoNotFitAreRefused() {
    for header in [
      PNGHeader(width: 0, height: 1, channels: .grey, bitDepth: 8),
      PNGHeader(width: 1, height: 2_000_000, channels: .grey, bitDepth: 8),
      PNGHeader(width: 1, height: 1, channels: .grey, bitDepth: 4),
    ] {
      refusal("cannot be written as PNG") { try PNGWriter(header: header) { _ in } }
    }
  }
}
