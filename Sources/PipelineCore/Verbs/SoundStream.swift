public import Foundation
public import MediaIO

/// Sound that is written while it is made.
public struct SoundStream: Sendable {
  public var sampleRate: Int
  /// Samples of its one channel.
  public var frames: Int
  public var encoding: AudioEncoding
  public var comment: String?
  /// Finds out whether all that is written beside the sound can be; called before anything is made.
  public var prepare: @Sendable () throws -> Void
  /// Makes the sound from its start, and hands over block after block over −1…1.
  public var render: @Sendable (_ write: ([Float]) throws -> Void) throws -> Void

  public init(
    sampleRate: Int, frames: Int, encoding: AudioEncoding, comment: String?,
    prepare: @escaping @Sendable () throws -> Void = {},
    render: @escaping @Sendable (_ write: ([Float]) throws -> Void) throws -> Void
  ) {
    (self.sampleRate, self.frames, self.encoding, self.comment) = (sampleRate, frames, encoding, comment)
    (self.prepare, self.render) = (prepare, render)
  }

  /// - Throws: `MediaError` for what cannot be encoded; what `sink` and `render` throw.
  public func write(to sink: any AudioSink, name: String? = nil) throws {
    try prepare()
    let writer = try AudioWriter(
      encoding, sampleRate: sampleRate, channels: 1, frames: frames, comment: comment, to: sink, name: name)
    try render { try writer.write($0) }
    try writer.finish()
  }

  /// The file's contents.
  public func data() throws -> Data {
    let sink = MemorySink()
    try write(to: sink)
    return sink.data
  }

  public func clip() throws -> AudioClip {
    try prepare()
    var samples: [Float] = []
    try render { samples += $0 }
    return AudioClip(sampleRate: sampleRate, channels: 1, samples: samples, comment: comment)
  }
}

/// Draws that are sound.
public struct DrawnSounds: Sendable {
  /// What is written beside several sounds, such as pictures of them.
  public struct Beside: Sendable {
    /// The option that asks for it, and what it says.
    public var option: String
    public var value: String
    /// Whether it is of each sound, rather than of all together.
    public var isOfEach: Bool

    public init(option: String, value: String, isOfEach: Bool) {
      (self.option, self.value, self.isOfEach) = (option, value, isOfEach)
    }
  }

  /// Each draw, by its index.
  public var single: [(index: Int, sound: SoundStream)]
  /// All of them one after the other; the draw itself where there is one.
  public var together: SoundStream
  /// nil for nothing, and for one sound, where it makes no difference.
  public var beside: Beside?

  public init(single: [(index: Int, sound: SoundStream)], together: SoundStream, beside: Beside? = nil) {
    (self.single, self.together, self.beside) = (single, together, beside)
  }
}

/// A task that draws sound from nothing but y.
public protocol SoundingTask: DrawingTask {
  /// The draws of the options, none of them made yet.
  func sounds(_ text: String, _ options: Options, _ specification: Specification, context: StageContext)
    throws
    -> DrawnSounds
}

extension SoundingTask {
  public func draw(_ text: String, _ options: Options, _ specification: Specification, context: StageContext)
    throws -> DrawnFiles
  {
    let sounds = try sounds(text, options, specification, context: context)
    return DrawnFiles(
      single: try sounds.single.map { (index: $0.index, data: try $0.sound.data()) },
      together: try sounds.together.data())
  }
}
