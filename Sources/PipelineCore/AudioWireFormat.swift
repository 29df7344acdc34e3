public import Foundation
public import MediaIO
internal import Torch

/// Sound travels as a safetensors container with one tensor `samples` `[frames, channels]` of F32, full scale −1…1,
/// with `sample_rate` (frames per second) and, where there is one, `comment` in its metadata.
extension AudioClip: StageValue {
  public static var kind: ValueKind { .audio }

  private enum Key {
    static let rate = "sample_rate"
    static let comment = "comment"
  }

  public func encodedForPipe() throws -> Data {
    var table = [Key.rate: "\(sampleRate)"]
    table[Key.comment] = comment
    let array = try HostArray(
      dtype: .float32, shape: [samples.count / channels, channels],
      bytes: samples.withUnsafeBytes { Data($0) })
    return try Safetensors(wire: .audio, ContainerKey.samples, array, metadata: table).encoded()
  }

  public init(pipe data: Data, name: String) throws {
    let file = try Safetensors(wire: data, as: .audio, name: name)
    let array = try file.only(ContainerKey.samples, name: name, in: .audio)
    guard array.dtype == .float32, array.shape.count == 2, array.shape[1] > 0 else {
      throw PipelineError.data(
        "\(name): 'samples' is \(array.dtype) \(array.shape); float32 [frames, channels] would be right")
    }
    let given = file.metadata[Key.rate]
    guard let rate = given.flatMap({ Int($0) }), rate > 0 else {
      throw PipelineError.data(
        "\(name): the sound's metadata '\(Key.rate)' is \(given.map { "'\($0)'" } ?? "missing"); "
          + "frames per second as a whole number would be right")
    }
    let samples = [Float](unsafeUninitializedCapacity: array.bytes.count / 4) { buffer, count in
      count = array.bytes.copyBytes(to: UnsafeMutableRawBufferPointer(buffer)) / 4
    }
    // Nothing downstream expects them, and one NaN spreads over a whole filter.
    if let index = samples.firstIndex(where: { !$0.isFinite }) {
      throw PipelineError.data("\(name): sample \(index) is \(samples[index]); finite samples would be right")
    }
    self.init(
      sampleRate: rate, channels: array.shape[1], samples: samples, comment: file.metadata[Key.comment])
  }
}
