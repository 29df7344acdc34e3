import Foundation
import MediaIO
import Torch

@testable import PipelineCore

/// Stages small enough to check by eye, with every kind of end.
enum Toy {
  /// Bytes `[width, height, grey samples…]`.
  static let decode = FunctionStage<Data, Image>("decode-toy") { data, _ in
    let bytes = [UInt8](data)
    guard bytes.count > 2, bytes[0] > 0, bytes[1] > 0, bytes.count == 2 + Int(bytes[0]) * Int(bytes[1]) else {
      throw PipelineError.data("standard input is not a toy picture")
    }
    var metadata = ImageMetadata()
    metadata.texts = [.init(keyword: "Comment", value: "toy")]
    return Image(
      width: Int(bytes[0]), height: Int(bytes[1]), channels: .grey,
      samples: .uint8(Array(bytes.dropFirst(2))),
      metadata: metadata)
  }

  static func brighten(by amount: Int) -> FunctionStage<Image, Image> {
    FunctionStage("brighten") { image, _ in
      guard case .uint8(let values) = image.samples else { throw PipelineError.data("8 bits would be right") }
      var image = image
      image.samples = .uint8(values.map { $0 &+ UInt8(truncatingIfNeeded: amount) })
      return image
    }
  }

  static let encode = FunctionStage<Image, Data>("encode-toy") { image, _ in
    guard case .uint8(let values) = image.samples else { throw PipelineError.data("8 bits would be right") }
    let comment = image.metadata.texts.map(\.value).joined()
    return Data([UInt8(image.width), UInt8(image.height)] + values) + Data(comment.utf8)
  }

  static let describe = FunctionStage<Image, String>("describe") { image, _ in
    "\(image.width)×\(image.height)\n"
  }

  static let flatten = FunctionStage<Image, HostArray>("flatten") { image, _ in
    guard case .uint8(let values) = image.samples else { throw PipelineError.data("8 bits would be right") }
    return try HostArray(dtype: .uint8, shape: [values.count], bytes: Data(values))
  }

  static let registry = StageRegistry([
    StageDefinition("decode-toy", summary: "Reads a toy picture") { _, _ in decode },
    StageDefinition(
      "brighten", summary: "Adds to every sample",
      options: [
        .integer("amount", in: -255...255, default: 1, help: "what to add"),
        .choice("mode", of: ["wrap", "clip"], default: "wrap", help: "what happens at the ends"),
      ]
    ) { options, _ in brighten(by: options.integer("amount")) },
    StageDefinition("encode-toy", summary: "Writes a toy picture") { _, _ in encode },
    StageDefinition("describe", summary: "Says how large a picture is") { _, _ in describe },
    StageDefinition("flatten", summary: "Gives the samples") { _, _ in flatten },
    StageDefinition(
      "shout", summary: "Ends with an exclamation mark", options: [.text("mark", help: "the mark")]
    ) {
      options, _ in
      let mark = options.text("mark")
      return FunctionStage<String, String>("shout") { text, _ in text + mark }
    },
  ])

  static let input = Data([2, 3, 1, 2, 3, 4, 5, 255])

  /// A picture that uses every field of the metadata.
  static func richImage(deep: Bool) -> Image {
    var metadata = ImageMetadata()
    metadata.iccProfile = Data((0...255).map { UInt8($0) })
    metadata.isSRGB = true
    metadata.gamma = 0.45455
    metadata.codingPoints = [9, 16, 0, 1]
    metadata.chromaticities = [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06]
    metadata.pixelDensity = .init(x: 2835, y: 2834)
    metadata.exif = Data([0x4D, 0x4D, 0, 0x2A, 0, 0])
    metadata.texts = [
      .init(keyword: "Title", value: "Grüße \"/\\ 猫\n\u{1F600}"), .init(keyword: "Title", value: ""),
    ]
    Provenance(task: "toy", key: SampleKey(seed: .max, index: 3), version: "0.1.0").write(to: &metadata)
    let count = 3 * 2 * 4
    return Image(
      width: 3, height: 2, channels: .rgba,
      samples: deep
        ? .uint16((0..<count).map { UInt16(truncatingIfNeeded: $0 * 2731 + 250) })
        : .uint8((0..<count).map { UInt8($0 * 10) }),
      metadata: metadata)
  }
}

/// Never looks at the process's own signals, which another test raises.
let calm = StageContext {}

/// The one line of the error that `body` throws.
func line(_ body: () throws -> Void) -> String {
  do { try body() } catch { return "\(error)" }
  return "no error"
}

extension Specification {
  init(_ text: String, options: [OptionDescription] = []) throws {
    try self.init(
      parsing: text, file: "pipeline.yaml", folder: URL(fileURLWithPath: "/tmp/toy"), options: options)
  }
}
