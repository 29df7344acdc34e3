public import Foundation
public import MediaIO

/// The stages that belong to no task: media files in and out.
public enum MediaStages {
  public static let all: [StageDefinition] = [decodeImage, encodePNG, encodeAudio]

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

  /// Sound as the file that its provenance's option `format` asks for: WAV (16 bits) unless it says otherwise.
  public static let encodeAudio = StageDefinition("encode-audio", summary: "write a WAV, FLAC or Ogg file") {
    _, _ in
    FunctionStage<AudioClip, Data>("encode-audio") { clip, _ in try encoded(clip) }
  }

  /// What the stage `encode-audio` gives.
  public static func encoded(_ clip: AudioClip) throws -> Data {
    let provenance = try clip.comment.flatMap { try Provenance(comment: $0, name: "the sound") }
    let format = provenance?.options["format"] ?? "wav"
    return try clip.encoded(as: AudioEncoding(for: URL(fileURLWithPath: "sound.\(format)")))
  }
}
