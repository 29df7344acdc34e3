import Foundation
import MediaIO
import Testing

@Suite struct JPEG {
  /// Decoded by another build of libjpeg: see Fixtures/make_fixtures.py.
  @Test(arguments: ["baseline420", "baseline422", "baseline444", "progressive", "grey", "rgb", "restart"])
  func decodesLikeTheReference(_ name: String) throws {
    let image = try Image(jpegData: fixture("\(name).jpg"))
    #expect(image.width == 37 && image.height == 29)
    #expect(image.channels == (name == "grey" ? .grey : .rgb))
    #expect(try image.values == fixture("\(name).raw").map(Int.init))
  }

  @Test func metadataIsKept() throws {
    let image = try Image(jpegData: fixture("baseline444.jpg"))
    #expect(try image.metadata.iccProfile == fixture("srgb.icc"))
    #expect(image.metadata.orientation == 6)
    #expect(image.oriented().width == 29)
    #expect(image.metadata.texts == [ImageMetadata.Text(keyword: "Comment", value: "größe")])
    // 300 dots per inch are 11811.02 per metre.
    let printed = try Image(jpegData: fixture("baseline420.jpg")).metadata
    #expect(printed.pixelDensity == ImageMetadata.PixelDensity(x: 11811, y: 11811))
    #expect(printed.exif == nil && printed.iccProfile == nil && printed.texts.isEmpty)
  }

  @Test func metadataGoesOnToPNG() throws {
    let image = try Image(jpegData: fixture("baseline444.jpg"))
    #expect(try Image(pngData: image.pngData()) == image)
  }

  @Test(arguments: ["baseline420", "progressive", "restart", "grey"])
  func everyTruncationIsRefused(_ name: String) throws {
    let data = try fixture("\(name).jpg")
    for length in 0..<data.count {
      refusal("short.jpg") { try Image(jpegData: data.prefix(length), name: "short.jpg") }
    }
    refusal("cut short") { try Image(jpegData: data.prefix(data.count - 2)) }
    refusal("cut short") { try Image(jpegData: data.prefix(data.count - 200)) }
    #expect(throws: Never.self) { try Image(jpegData: data + Data("trailing".utf8)) }
  }

  @Test func damageNeverCrashes() throws {
    var numbers = TestNumbers(3)
    for name in ["baseline420", "progressive"] {
      let data = try fixture("\(name).jpg")
      for _ in 0..<300 {
        var damaged = data
        for _ in 0..<3 {
          damaged[Int.random(in: 2..<data.count, using: &numbers)] = .random(in: 0...255, using: &numbers)
        }
        do { _ = try Image(jpegData: damaged) } catch { #expect(error is MediaError) }
      }
    }
  }

  @Test func cmykIsRefused() throws {
    refusal("CMYK", "RGB first") { try Image(jpegData: fixture("cmyk.jpg")) }
    refusal("JPEG") { try Image(jpegData: Data("no picture".utf8)) }
    refusal("JPEG") { try Image(jpegData: Data()) }
  }

  @Test(arguments: [Image.Channels.grey, .rgb])
  func roundTripIsClose(_ channels: Image.Channels) throws {
    let (width, height) = (61, 47)
    var samples: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<channels.count {
          let wave = sin(Double(x + 9 * c) / 11) * cos(Double(y) / 9)
          samples.append(UInt8(127 + 100 * wave))
        }
      }
    }
    var metadata = ImageMetadata()
    metadata.exif = orientedEXIF(3, isBigEndian: true)
    metadata.pixelDensity = ImageMetadata.PixelDensity(x: 11800, y: 5900)
    metadata.texts = [ImageMetadata.Text(keyword: "Comment", value: "made for a test")]
    // Longer than one APP2 segment holds.
    metadata.iccProfile = Data((0..<150_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
    let image = Image(
      width: width, height: height, channels: channels, samples: .uint8(samples), metadata: metadata)
    func error(_ data: Data) throws -> Double {
      let read = try Image(jpegData: data)
      #expect(read.metadata == metadata)
      return zip(read.values, image.values).map { Double(abs($0 - $1)) }.reduce(0, +) / Double(samples.count)
    }
    let fine = try error(image.jpegData(quality: 98, isSubsampled: false))
    let coarse = try error(image.jpegData(quality: 20))
    #expect(fine < 1)
    #expect(coarse > fine && coarse < 12)
    let data = try image.jpegData(quality: 75)
    #expect(try data == image.jpegData(quality: 75))
    #expect(try data.count < image.jpegData(quality: 95).count)
  }

  @Test func whatJPEGCannotHoldIsRefused() {
    let alpha = Image.noise(width: 2, height: 2, channels: .rgba, bitDepth: 8)
    refusal("alpha") { try alpha.jpegData(quality: 90) }
    let deep = Image.noise(width: 2, height: 2, channels: .rgb, bitDepth: 16)
    refusal("16 bits") { try deep.jpegData(quality: 90) }
    var image = Image.noise(width: 2, height: 2, channels: .rgb, bitDepth: 8)
    refusal("1…100") { try image.jpegData(quality: 0) }
    image.metadata.exif = Data(count: 70_000)
    refusal("too long") { try image.jpegData(quality: 90) }
    let wide = Image.noise(width: 65_501, height: 1, channels: .grey, bitDepth: 8)
    refusal("65500") { try wide.jpegData(quality: 90) }
  }
}

@Suite struct Formats {
  @Test func contentsDecideNotNames() throws {
    try withFolder { folder in
      let url = folder.appending(path: "picture.png")
      try fixture("grey.jpg").write(to: url)
      #expect(try Image(contentsOf: url) == Image(jpegData: fixture("grey.jpg")))
      let image = Image.noise(width: 2, height: 2, channels: .rgb, bitDepth: 8)
      try image.pngData().write(to: url)
      #expect(try Image(contentsOf: url) == image)
    }
  }

  @Test(arguments: [
    ("webp.webp", "WebP"), ("gif.gif", "GIF"), ("bmp.bmp", "BMP"), ("tiff.tif", "TIFF"), ("pdf.pdf", "PDF"),
    ("avif.avif", "AVIF"),
  ])
  func otherFormatsAreNamed(_ file: String, _ format: String) throws {
    refusal(file, "\(format) files are not read", "PNG and JPEG") {
      try Image(decoding: fixture(file), name: file)
    }
  }

  @Test func filesThatCannotBeReadAreNamed() throws {
    try withFolder { folder in
      refusal("none.png", "no such file") { try Image(contentsOf: folder.appending(path: "none.png")) }
      refusal("is a directory") { try Image(contentsOf: folder) }
      refusal("is a directory") { try AudioClip(contentsOf: folder) }
      let url = folder.appending(path: "empty.png")
      try Data().write(to: url)
      refusal("empty.png", "empty") { try Image(contentsOf: url) }
      try Data("hello".utf8).write(to: url)
      refusal("not a picture", "PNG and JPEG") { try Image(contentsOf: url) }
      // Root reads everything, whatever the mode says.
      if getuid() != 0 {
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: url.path)
        refusal("permission denied") { try Image(contentsOf: url) }
      }
    }
    refusal("empty", "PNG and JPEG") { try Image(decoding: Data(), name: "nothing") }
  }

  @Test func errorsAreOneLine() {
    let error = MediaError("bad\nthing", file: "a\u{1B}b", remedy: "c\r\u{2028}d")
    #expect(error.description == "a b: bad thing; c  d")
    #expect(MediaError("x").description == "x")
  }
}
