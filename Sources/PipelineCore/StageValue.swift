public import Foundation

/// A value that stages pass on, and how it is written into a shell pipe.
///
/// The wire format loses nothing: `Self(pipe: value.encodedForPipe())` equals `value`, and encoding that again
/// gives the same bytes. Everything but `bytes` and `text` is a safetensors container, so that a script between
/// two stages reads it in one line:
///
///     pixels = safetensors.numpy.load(sys.stdin.buffer.read())["pixels"]
public protocol StageValue: Sendable {
  static var kind: ValueKind { get }

  func encodedForPipe() throws -> Data

  /// - Parameters:
  ///   - data: all that came through the pipe; hostile contents are an error, never a trap.
  ///   - name: of the source, for messages: `standard input`.
  /// - Throws: `PipelineError` of kind `.data`.
  init(pipe data: Data, name: String) throws
}

/// Bytes travel as they are.
extension Data: StageValue {
  public static var kind: ValueKind { .bytes }
  public func encodedForPipe() -> Data { self }
  public init(pipe data: Data, name: String) { self = data }
}

/// Text travels as UTF-8. NUL is refused at both ends: it is what tells text from a container or a picture file.
extension String: StageValue {
  public static var kind: ValueKind { .text }

  public func encodedForPipe() throws -> Data {
    guard !utf8.contains(0) else { throw PipelineError.data("text with a NUL byte cannot go through a pipe") }
    return Data(utf8)
  }

  public init(pipe data: Data, name: String) throws {
    guard !data.contains(0), let text = String(validating: data, as: UTF8.self) else {
      throw PipelineError.data(
        "\(name) holds \(PipeContents(data)), where text is wanted (\(ValueKind.text.wireFormat))")
    }
    self = text
  }
}
