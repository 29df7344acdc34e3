import Foundation
import MediaIO
import Testing

@Suite struct PNGMetadata {
  func roundTrip(_ metadata: ImageMetadata, channels: Image.Channels = .rgb) throws -> ImageMetadata {
    let image = Image.noise(width: 3, height: 2, channels: channels, bitDepth: 8, metadata: metadata)
    let data = try image.pngData()
    let read = try Image(pngData: data)
    #expect(try read.pngData() == data)
    #expect(read.samples == image.samples)
    return read.metadata
  }

  @Test func everythingSurvives() throws {
    var metadata = ImageMetadata()
    metadata.gamma = 0.45455
    metadata.chromaticities = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06]
    metadata.isSRGB = true
    metadata.pixelDensity = ImageMetadata.PixelDensity(x: 2835, y: 3000)
    metadata.exif = orientedEXIF(6, isBigEndian: true)
    metadata.texts = [
      ImageMetadata.Text(keyword: "Title", value: "Ünïcode in Latin-1\nsecond line"),
      ImageMetadata.Text(keyword: "Comment", value: "漢字, \t and — dashes"),
      ImageMetadata.Text(keyword: "Long", value: String(repeating: "seed 17 → ", count: 500)),
      ImageMetadata.Text(keyword: "Empty", value: ""),
      ImageMetadata.Text(keyword: "Title", value: "twice"),
    ]
    #expect(try roundTrip(metadata) == metadata)
    #expect(try roundTrip(ImageMetadata()) == ImageMetadata())
  }

  @Test func eachColourChunkStandsAlone() throws {
    var metadata = ImageMetadata()
    metadata.isSRGB = true
    #expect(try roundTrip(metadata) == metadata)
    metadata = ImageMetadata()
    metadata.gamma = 1
    #expect(try roundTrip(metadata) == metadata)
    metadata = ImageMetadata()
    metadata.chromaticities = [0.3, 0.3, 0.7, 0.3, 0.2, 0.7, 0.1, 0]
    #expect(try roundTrip(metadata) == metadata)
  }

  /// BT.2020 primaries with PQ, full range: without cICP such a picture is shown in wrong colours.
  @Test func codingPointsSurvive() throws {
    var image = Image.noise(width: 3, height: 2, channels: .rgb, bitDepth: 16)
    image.metadata.codingPoints = [9, 16, 0, 1]
    #expect(try Image(pngData: image.pngData()) == image)
    image.metadata.codingPoints = [9]
    refusal("four bytes") { try image.pngData() }
  }

  @Test func profileSurvivesAndReplacesSRGB() throws {
    var metadata = ImageMetadata()
    metadata.iccProfile = try fixture("srgb.icc")
    #expect(try roundTrip(metadata) == metadata)
    metadata.isSRGB = true
    #expect(try roundTrip(metadata).isSRGB == false)
    #expect(try roundTrip(metadata, channels: .grey).iccProfile == nil)
  }

  @Test func textKindsFollowTheText() throws {
    func chunks(_ value: String) throws -> String {
      var metadata = ImageMetadata()
      metadata.texts = [ImageMetadata.Text(keyword: "k", value: value)]
      let image = Image.noise(width: 1, height: 1, channels: .grey, bitDepth: 8, metadata: metadata)
      return String(decoding: try image.pngData(), as: UTF8.self)
    }
    #expect(try chunks("plain é").contains("tEXt"))
    #expect(try chunks("π").contains("iTXt"))
    let long = try chunks(String(repeating: "abc", count: 1000))
    #expect(long.contains("iTXt") && !long.contains("abcabcabc"))
  }

  @Test func textsOfOthersAreRead() throws {
    // zTXt and a text after the samples, written without libpng.
    var png = RawPNG(width: 1, height: 1, colourType: 0, depth: 8, samples: [7])
    let latin1: [UInt8] = [0x63, 0x61, 0x66, 0xE9]
    png.chunks.insert(
      RawPNG.Chunk(type: "zTXt", body: Array("Z".utf8) + [0, 0] + RawPNG.zlibStored(latin1)), at: 1)
    png.chunks.insert(RawPNG.Chunk(type: "tEXt", body: Array("T\0".utf8) + latin1), at: 3)
    png.chunks.insert(
      RawPNG.Chunk(type: "iTXt", body: Array("I".utf8) + [0, 0, 0] + Array("de\0ü\0größe".utf8)), at: 3)
    let texts = try Image(pngData: png.data).metadata.texts
    #expect(texts.map(\.keyword) == ["Z", "I", "T"])
    #expect(texts.map(\.value) == ["café", "größe", "café"])
  }

  @Test func gammaIsNotApplied() throws {
    var png = RawPNG(width: 2, height: 1, colourType: 0, depth: 8, samples: [100, 200])
    png.chunks.insert(RawPNG.Chunk(type: "gAMA", body: RawPNG.bigEndian(100_000)), at: 1)
    let image = try Image(pngData: png.data)
    #expect(image.values == [100, 200])
    #expect(image.metadata.gamma == 1)
    #expect(image.metadata.chromaticities == nil && !image.metadata.isSRGB)
  }

  @Test func metadataThatDoesNotFitIsRefused() {
    func encode(_ change: (inout ImageMetadata) -> Void) throws -> Data {
      var metadata = ImageMetadata()
      change(&metadata)
      return try Image.noise(width: 1, height: 1, channels: .grey, bitDepth: 8, metadata: metadata).pngData()
    }
    for keyword in ["", " a", "a ", "a  b", "π", "a\n", String(repeating: "k", count: 80)] {
      refusal("keyword") { try encode { $0.texts = [ImageMetadata.Text(keyword: keyword, value: "")] } }
    }
    refusal("NUL") { try encode { $0.texts = [ImageMetadata.Text(keyword: "k", value: "a\0b")] } }
    refusal("gamma") { try encode { $0.gamma = .nan } }
    refusal("gamma") { try encode { $0.gamma = -1 } }
    refusal("chromaticities") { try encode { $0.chromaticities = [1, 2] } }
    refusal("density") { try encode { $0.pixelDensity = ImageMetadata.PixelDensity(x: -1, y: 1) } }
  }
}
