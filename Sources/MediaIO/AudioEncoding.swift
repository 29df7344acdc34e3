import CSndfile
public import Foundation

/// How a clip is written.
public enum AudioEncoding: Sendable, Hashable, CaseIterable {
  case wav16
  case wav24
  case wavFloat
  case flac16
  case flac24
  case oggVorbis

  /// The usual encoding for a file name: `wav` (16 bits), `flac` (16 bits), `ogg` or `oga` (Vorbis).
  ///
  /// - Throws: ``MediaError`` for other extensions.
  public init(for url: URL) throws {
    switch url.pathExtension.lowercased() {
    case "wav", "wave": self = .wav16
    case "flac": self = .flac16
    case "ogg", "oga": self = .oggVorbis
    default:
      throw MediaError(
        "no audio format for the extension ‘\(url.pathExtension)’", file: url.path,
        remedy: "use .wav, .flac or .ogg")
    }
  }

  /// As for the file name, with as many bits as samples have (nil for floating point), as far as the format can hold them.
  ///
  /// - Throws: ``MediaError`` for other extensions.
  public init(for url: URL, bitDepth: Int?) throws {
    let usual = try AudioEncoding(for: url)
    self =
      switch (usual, bitDepth) {
      case (.wav16, nil): .wavFloat
      case (.wav16, let bits?) where bits > 16: .wav24
      case (.flac16, nil): .flac24
      case (.flac16, let bits?) where bits > 16: .flac24
      default: usual
      }
  }

  var format: Int32 {
    let (container, coding) =
      switch self {
      case .wav16: (SF_FORMAT_WAV, SF_FORMAT_PCM_16)
      case .wav24: (SF_FORMAT_WAV, SF_FORMAT_PCM_24)
      case .wavFloat: (SF_FORMAT_WAV, SF_FORMAT_FLOAT)
      case .flac16: (SF_FORMAT_FLAC, SF_FORMAT_PCM_16)
      case .flac24: (SF_FORMAT_FLAC, SF_FORMAT_PCM_24)
      case .oggVorbis: (SF_FORMAT_OGG, SF_FORMAT_VORBIS)
      }
    return Int32(container | coding)
  }

  /// Bits of an integer encoding, or nil.
  var bitDepth: Int? {
    switch self {
    case .wav16, .flac16: 16
    case .wav24, .flac24: 24
    case .wavFloat, .oggVorbis: nil
    }
  }

  /// Bytes of a sample, uncompressed.
  var sampleBytes: Int { (bitDepth ?? 32) / 8 }

  var isWAV: Bool { fileType == "WAV" }

  var fileType: String {
    switch self {
    case .wav16, .wav24, .wavFloat: "WAV"
    case .flac16, .flac24: "FLAC"
    case .oggVorbis: "Ogg Vorbis"
    }
  }
}
