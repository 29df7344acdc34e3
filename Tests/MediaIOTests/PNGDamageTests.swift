import Foundation
import MediaIO
import Testing

@Suite struct PNGDamage {
  let sound = RawPNG(
    width: 4, height: 4, colourType: 2, depth: 8, samples: (0..<48).map { $0 * 5 },
    extra: [
      RawPNG.Chunk(type: "gAMA", body: RawPNG.bigEndian(45455)),
      RawPNG.Chunk(type: "tEXt", body: Array("Title\0x".utf8)),
    ])

  func header(_ width: Int, _ height: Int, depth: Int = 8, type: Int = 2, interlace: Int = 0) -> RawPNG.Chunk
  {
    RawPNG.Chunk(
      type: "IHDR",
      body: RawPNG.bigEndian(width) + RawPNG.bigEndian(height)
        + [UInt8(depth), UInt8(type), 0, 0, UInt8(interlace)])
  }

  func changed(_ change: (inout RawPNG) -> Void) -> Data {
    var png = sound
    change(&png)
    return png.data
  }

  @Test func soundFileIsRead() throws {
    #expect(try Image(pngData: sound.data).values == (0..<48).map { $0 * 5 })
  }

  @Test func everyTruncationIsRefused() {
    let data = sound.data
    for length in 0..<data.count {
      refusal("broken.png") { try Image(pngData: data.prefix(length), name: "broken.png") }
    }
    var end = RawPNG.signature.count
    for chunk in sound.chunks.dropLast() {
      refusal("cut short") { try Image(pngData: data.prefix(end)) }
      end += chunk.bytes.count
    }
    refusal("cut short") { try Image(pngData: data.prefix(end)) }
  }

  @Test func everyFlippedBitOfAChunkIsRefused() {
    // CRC-32 finds every single flipped bit; in the length field the chunks no longer line up.
    let data = sound.data
    for position in 0..<data.count {
      var damaged = data
      damaged[position] ^= 1 << UInt8(position % 8)
      refusal { try Image(pngData: damaged) }
    }
  }

  @Test func badChecksumsAreNamed() {
    for index in sound.chunks.indices {
      var bytes = Data(RawPNG.signature)
      for (position, chunk) in sound.chunks.enumerated() {
        var chunk = chunk.bytes
        if position == index { chunk[chunk.count - 1] ^= 1 }
        bytes.append(contentsOf: chunk)
      }
      refusal("damaged PNG", "CRC") { try Image(pngData: bytes) }
    }
  }

  @Test func absurdSizesAreRefused() {
    refusal("zero") { try Image(pngData: changed { $0.chunks[0] = header(0, 4) }) }
    refusal("zero") { try Image(pngData: changed { $0.chunks[0] = header(4, 0) }) }
    refusal("too many") { try Image(pngData: changed { $0.chunks[0] = header(0x7FFF_FFFF, 0x7FFF_FFFF) }) }
    refusal("PNG") { try Image(pngData: changed { $0.chunks[0] = header(0xFFFF_FFFF, 4) }) }
    refusal("cannot hold") { try Image(pngData: changed { $0.chunks[0] = header(900_000, 900_000) }) }
    refusal("cannot hold") { try Image(pngData: changed { $0.chunks[0] = header(20_000, 20_000) }) }
    refusal("too many") {
      try Image(pngData: changed { $0.chunks[0] = header(900_000, 900_000, interlace: 1) })
    }
    refusal("Not enough image data") { try Image(pngData: changed { $0.chunks[0] = header(4, 5) }) }
  }

  @Test func badHeadersAreRefused() {
    refusal("damaged") { try Image(pngData: changed { $0.chunks[0] = header(4, 4, depth: 3) }) }
    refusal("damaged") { try Image(pngData: changed { $0.chunks[0] = header(4, 4, depth: 4, type: 2) }) }
    refusal("damaged") { try Image(pngData: changed { $0.chunks[0] = header(4, 4, type: 5) }) }
    refusal("damaged") { try Image(pngData: changed { $0.chunks[0] = header(4, 4, interlace: 2) }) }
    refusal("damaged") { try Image(pngData: changed { $0.chunks.removeFirst() }) }
    refusal("PLTE") { try Image(pngData: changed { $0.chunks[0] = header(4, 4, type: 3) }) }
    refusal("damaged", "JUNK") { try Image(pngData: changed { $0.chunks[1].type = "JUNK" }) }
  }

  @Test func badCompressionIsRefused() {
    let place = sound.chunks.count - 2
    refusal("damaged") { try Image(pngData: changed { $0.chunks[place].body[0] = 0 }) }
    refusal("damaged") { try Image(pngData: changed { $0.chunks[place].body[4] ^= 1 }) }
    refusal("damaged") { try Image(pngData: changed { $0.chunks[place].body[7] = 9 }) }
    refusal("damaged", "data check") {
      try Image(pngData: changed { $0.chunks[place].body[$0.chunks[place].body.count - 1] ^= 1 })
    }
    refusal("damaged") { try Image(pngData: changed { $0.chunks[place].body = [] }) }
    refusal("damaged") { try Image(pngData: changed { $0.chunks.remove(at: place) }) }
  }

  @Test func animationIsRefused() {
    let control = RawPNG.Chunk(type: "acTL", body: RawPNG.bigEndian(2) + RawPNG.bigEndian(0))
    refusal("animated", "one frame") { try Image(pngData: changed { $0.chunks.insert(control, at: 1) }) }
  }

  @Test func unknownAncillaryChunksAreIgnored() throws {
    let data = changed { $0.chunks.insert(RawPNG.Chunk(type: "prVt", body: [1, 2, 3]), at: 1) }
    #expect(try Image(pngData: data).values == (0..<48).map { $0 * 5 })
  }

  @Test func otherFilesAreRefused() {
    refusal("damaged PNG") { try Image(pngData: Data("no picture at all, but long enough".utf8)) }
    refusal("cut short") { try Image(pngData: Data()) }
  }
}
