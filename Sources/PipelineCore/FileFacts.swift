public import Foundation
internal import MediaIO
internal import Torch

/// What a file says about itself, in the order in which people want to know it; needs no libtorch.
public struct FileFacts: Sendable {
  public let entries: [(key: String, value: String)]

  /// - Throws: `FormatError`, `MediaError` or `PipelineError` for a file that is missing, broken or of no known kind.
  public init(_ file: URL) throws {
    let data = try FileBytes.read(file)
    if data.count > 8, data[data.startIndex + 8] == UInt8(ascii: "{") {
      entries = try Self.weights(file)
    } else if (try? ImageFormat(sniffing: data, name: file.path)) != nil {
      entries = try Self.picture(data, file)
    } else if let clip = try? AudioClip(decoding: data, name: file.path) {
      entries = try Self.sound(clip, file)
    } else {
      throw PipelineError.data(
        "\(file.relativePath) is neither PNG, JPEG, a sound file nor safetensors; nothing is known about it")
    }
  }

  private static func weights(_ file: URL) throws -> [(String, String)] {
    let header = try Safetensors.readHeader(of: file)
    let values = header.entries.values.reduce(0) { $0 + $1.shape.reduce(1, *) }
    var entries = [
      ("kind", "safetensors"), ("tensors", "\(header.names.count)"), ("values", "\(values)"),
      ("sha256", try Digest.sha256(of: file)),
    ]
    entries += header.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    entries += header.names.compactMap { name in
      header.entries[name].map { ("tensor \(name)", "\($0.dtype) \($0.shape)") }
    }
    return entries
  }

  private static func picture(_ data: Data, _ file: URL) throws -> [(String, String)] {
    let image = try Image(decoding: data, name: file.relativePath)
    let format = try ImageFormat(sniffing: data, name: file.relativePath)
    var entries = [
      ("kind", format.rawValue), ("size", "\(image.width)×\(image.height)"),
      ("samples", "\(image.channels), \(image.bitDepth) bits"), ("sha256", Digest.sha256(data)),
    ]
    let metadata = image.metadata
    if let profile = metadata.iccProfile { entries.append(("ICC profile", "\(profile.count) bytes")) }
    if let exif = metadata.exif {
      entries.append(("EXIF", "\(exif.count) bytes, orientation \(metadata.orientation)"))
    }
    if let density = metadata.pixelDensity {
      entries.append(("pixels per metre", "\(density.x)×\(density.y)"))
    }
    return entries + metadata.texts.map { ($0.keyword, $0.value) }
  }

  private static func sound(_ clip: AudioClip, _ file: URL) throws -> [(String, String)] {
    let entries = [
      ("kind", "sound"), ("rate", "\(clip.sampleRate) Hz"), ("channels", "\(clip.channels)"),
      ("seconds", String(format: "%.3f", clip.duration)), ("sha256", try Digest.sha256(of: file)),
    ]
    return entries + (clip.comment.map { [("comment", $0)] } ?? [])
  }
}
