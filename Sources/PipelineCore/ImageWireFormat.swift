public import Foundation
public import MediaIO
internal import Torch

/// A picture travels as a safetensors container with one tensor `pixels` `[H, W, C]`, U8 or U16, C from 1 to 4.
///
/// `ImageMetadata` rides in the container's metadata, provenance with it (one of the texts): `icc_profile` and
/// `exif` in base64; `srgb`, `coding_points`, `gamma`, `chromaticities`, `pixel_density` and `texts` as JSON. All are optional, so
/// `safetensors.numpy.save({"pixels": x})` is a picture too.
extension Image: StageValue {
  public static var kind: ValueKind { .image }

  private enum Key {
    static let icc = "icc_profile"
    static let exif = "exif"
    static let srgb = "srgb"
    static let gamma = "gamma"
    static let chromaticities = "chromaticities"
    static let codingPoints = "coding_points"
    static let density = "pixel_density"
    static let texts = "texts"
  }

  public func encodedForPipe() throws -> Data {
    var table: [String: String] = [:]
    table[Key.icc] = metadata.iccProfile?.base64EncodedString()
    table[Key.exif] = metadata.exif?.base64EncodedString()
    if metadata.isSRGB { table[Key.srgb] = "true" }
    table[Key.gamma] = try metadata.gamma.map(Self.json)
    table[Key.chromaticities] = try metadata.chromaticities.map(Self.json)
    table[Key.codingPoints] = try metadata.codingPoints.map(Self.json)
    table[Key.density] = try metadata.pixelDensity.map { try Self.json([$0.x, $0.y]) }
    if !metadata.texts.isEmpty {
      table[Key.texts] = try Self.json(metadata.texts.map { [$0.keyword, $0.value] })
    }
    let shape = [height, width, channels.count]
    let pixels =
      switch samples {
      case .uint8(let values): try HostArray(dtype: .uint8, shape: shape, bytes: Data(values))
      case .uint16(let values):
        // Little-endian, as safetensors wants and every machine that Swift runs on has it.
        try HostArray(dtype: .uint16, shape: shape, bytes: values.withUnsafeBytes { Data($0) })
      }
    return try Safetensors(wire: .image, ContainerKey.pixels, pixels, metadata: table).encoded()
  }

  public init(pipe data: Data, name: String) throws {
    let file = try Safetensors(wire: data, as: .image, name: name)
    let pixels = try file.only(ContainerKey.pixels, name: name, in: .image)
    let shape = pixels.shape
    guard shape.count == 3, shape[0] > 0, shape[1] > 0, let channels = Channels(rawValue: shape[2]) else {
      throw PipelineError.data(
        "\(name): 'pixels' has the shape \(shape); [H, W, C] with C from 1 to 4 would be right")
    }
    let samples: Samples
    switch pixels.dtype {
    case .uint8: samples = .uint8([UInt8](pixels.bytes))
    case .uint16:
      samples = .uint16(
        [UInt16](unsafeUninitializedCapacity: pixels.bytes.count / 2) { buffer, count in
          count = pixels.bytes.copyBytes(to: UnsafeMutableRawBufferPointer(buffer)) / 2
        })
    default: throw PipelineError.data("\(name): 'pixels' is \(pixels.dtype); uint8 or uint16 would be right")
    }
    self.init(
      width: shape[1], height: shape[0], channels: channels, samples: samples,
      metadata: try Self.metadata(file.metadata, name: name))
  }

  private static func metadata(_ table: [String: String], name: String) throws -> ImageMetadata {
    var metadata = ImageMetadata()
    func wrong(_ key: String, _ right: String) -> PipelineError {
      .data("\(name): the image's metadata '\(key)' is broken; \(right) would be right")
    }
    func base64(_ key: String) throws -> Data? {
      guard let text = table[key] else { return nil }
      guard let data = Data(base64Encoded: text) else { throw wrong(key, "base64") }
      return data
    }
    func json<T: Decodable>(_ key: String, _ type: T.Type, _ right: String) throws -> T? {
      guard let text = table[key] else { return nil }
      do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch { throw wrong(key, right) }
    }
    metadata.iccProfile = try base64(Key.icc)
    metadata.exif = try base64(Key.exif)
    metadata.isSRGB = try json(Key.srgb, Bool.self, "true or false") ?? false
    metadata.gamma = try json(Key.gamma, Double.self, "a number")
    let numbers = "8 numbers"
    metadata.chromaticities = try json(Key.chromaticities, [Double].self, numbers)
    if let count = metadata.chromaticities?.count, count != 8 { throw wrong(Key.chromaticities, numbers) }
    let points = "four whole numbers from 0 to 255"
    metadata.codingPoints = try json(Key.codingPoints, [UInt8].self, points)
    if let count = metadata.codingPoints?.count, count != 4 { throw wrong(Key.codingPoints, points) }
    let sides = "two whole numbers"
    if let density = try json(Key.density, [Int].self, sides) {
      guard density.count == 2, density.allSatisfy({ (1...Int(Int32.max)).contains($0) }) else {
        throw wrong(Key.density, sides)
      }
      metadata.pixelDensity = .init(x: density[0], y: density[1])
    }
    let pairs = "a list of pairs of texts"
    for text in try json(Key.texts, [[String]].self, pairs) ?? [] {
      guard text.count == 2 else { throw wrong(Key.texts, pairs) }
      metadata.texts.append(.init(keyword: text[0], value: text[1]))
    }
    return metadata
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
