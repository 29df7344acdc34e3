internal import Foundation
internal import MediaIO

/// The stages that belong to no task: media files in and out.
public enum MediaStages {
  public static let all: [StageDefinition] = [decodeImage, encodePNG]

  /// A PNG or JPEG file as a picture, turned upright as its EXIF says. The file's SHA-256 goes along as provenance.
  public static let decodeImage = StageDefinition("decode-image", summary: "read a PNG or JPEG file") {
    _, _ in
    FunctionStage<Data, Image>("decode-image") { data, context in
      var image = try Image(decoding: data, name: context.source).oriented()
      Provenance(
        task: "decode-image", condition: .init(inputSHA256: Digest.sha256(data)),
        version: PipelineVersion.current
      ).write(to: &image.metadata)
      return image
    }
  }

  /// A picture as a PNG file of the same depth, with all that its metadata say.
  public static let encodePNG = StageDefinition("encode-png", summary: "write a PNG file") { _, _ in
    FunctionStage<Image, Data>("encode-png") { image, _ in try image.pngData() }
  }
}
