/// What flows between stages. A kind has one Swift type and one wire format (see `StageValue`).
public enum ValueKind: String, Sendable, CaseIterable, Codable {
  /// A file's contents, uninterpreted.
  case bytes
  case image
  case audio
  case text
  /// Observations and actions over time.
  case trajectory
  /// Any array of numbers.
  case tensor

  /// With its article, for messages: `an image`.
  public var phrase: String {
    switch self {
    case .bytes: "bytes"
    case .image: "an image"
    case .audio: "audio"
    case .text: "text"
    case .trajectory: "a trajectory"
    case .tensor: "a tensor"
    }
  }

  /// How the kind looks in a shell pipe, for messages and help.
  public var wireFormat: String {
    switch self {
    case .bytes: "raw bytes"
    case .image: "a safetensors container with a tensor 'pixels' [H, W, C] of U8 or U16"
    case .audio: "a safetensors container with a tensor 'samples' [frames, channels]"
    case .text: "UTF-8 without NUL"
    case .trajectory: "a safetensors container of kind 'trajectory'"
    case .tensor: "a safetensors container with one tensor"
    }
  }
}
