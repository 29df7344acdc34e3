internal import Foundation
internal import Torch

/// What came through a pipe, as far as its first bytes tell; for messages and for choosing the stage to suggest.
struct PipeContents: CustomStringConvertible {
  enum Form: Equatable {
    case nothing
    /// A well-known file format, by name.
    case file(String)
    /// A container that a stage wrote.
    case container(ValueKind)
    /// Somebody else's safetensors file.
    case arrays([String])
    case text
    case unknown
  }

  let form: Form
  let count: Int

  init(_ data: Data) {
    count = data.count
    form = Self.form(of: data)
  }

  /// The kind of the stages that take this as it is.
  var kind: ValueKind {
    switch form {
    case .container(let kind): kind
    case .arrays(let names): names.count == 1 ? .tensor : .bytes
    case .text: .text
    case .nothing, .file, .unknown: .bytes
    }
  }

  /// Whether it is worth decoding as `kind`; what is inside may still be wrong.
  func mayBe(_ kind: ValueKind) -> Bool {
    switch (kind, form) {
    case (.bytes, _): true
    case (.text, .text), (.text, .nothing): true
    case (.tensor, .arrays(let names)): names.count == 1
    default: form == .container(kind)
    }
  }

  var description: String {
    switch form {
    case .nothing: "nothing (did the stage before it fail?)"
    case .file(let format): "a \(format) file (\(count) bytes)"
    case .container(let kind): "\(kind.phrase) from a stage (\(count) bytes)"
    case .arrays(let names):
      "a safetensors file with "
        + (names.isEmpty ? "no tensor" : "tensors \(names.prefix(3).joined(separator: ", "))")
    case .text: "text (\(count) bytes)"
    case .unknown: "\(count) bytes of an unknown format"
    }
  }

  private static let signatures: [(offset: Int, bytes: [UInt8], format: String)] = [
    (0, [0x89, 0x50, 0x4E, 0x47], "PNG"), (0, [0xFF, 0xD8, 0xFF], "JPEG"), (0, Array("GIF8".utf8), "GIF"),
    (8, Array("WEBP".utf8), "WebP"), (8, Array("WAVE".utf8), "WAV"), (0, Array("fLaC".utf8), "FLAC"),
    (0, Array("OggS".utf8), "Ogg"), (0, [0x93] + Array("NUMPY".utf8), "npy"),
    (0, [0x50, 0x4B, 3, 4], "zip or npz"),
    (0, [0x49, 0x49, 0x2A, 0], "TIFF"), (0, [0x4D, 0x4D, 0, 0x2A], "TIFF"), (0, Array("%PDF".utf8), "PDF"),
    (0, [0x1F, 0x8B], "gzip"),
  ]

  private static func form(of data: Data) -> Form {
    if data.isEmpty { return .nothing }
    let head = Array(data.prefix(16))
    for (offset, bytes, format) in signatures where head.dropFirst(offset).starts(with: bytes) {
      return .file(format)
    }
    if let file = try? Safetensors(data: data, name: "") { return form(of: file) }
    if !data.contains(0), String(validating: data, as: UTF8.self) != nil { return .text }
    return .unknown
  }

  private static func form(of file: Safetensors) -> Form {
    if let kind = file.metadata[ContainerKey.kind].flatMap(ValueKind.init(rawValue:)) {
      return .container(kind)
    }
    return file.tensors[ContainerKey.pixels] != nil ? .container(.image) : .arrays(file.tensors.keys.sorted())
  }
}
