import CSndfile
public import Foundation

extension AudioClip {
  /// Reads an audio file in any format that libsndfile knows (WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF, …).
  ///
  /// - Throws: ``MediaError``, also if the file is missing, unreadable, empty or a directory.
  public init(contentsOf url: URL) throws {
    try self.init(decoding: FileBytes.read(url), name: url.path)
  }

  /// Decodes an audio file in any format that libsndfile knows. Integer samples are divided by their full scale.
  ///
  /// - Parameter name: What errors call the file.
  /// - Throws: ``MediaError`` if the data is no known audio format, is damaged or cut short, holds no samples,
  ///   more than 2^31 of them, or one that is NaN or infinite.
  public init(decoding data: Data, name: String) throws {
    self = try AudioReader(decoding: data, name: name).clip()
  }

  static func reason(_ file: OpaquePointer?) -> String {
    String(cString: sf_strerror(file)).trimmingCharacters(in: CharacterSet(charactersIn: " \n."))
  }
}
