public import Foundation
internal import MediaIO
internal import MediaTensors
public import Torch

/// One picture of a benchmark set: the truth and what a model gets to see, RGB `[3, H, W]` over 0…1.
public struct BenchmarkPair: Sendable {
  public let name: String
  public let high: Tensor
  public let low: Tensor
}

/// Finds the pictures of a benchmark folder.
public enum BenchmarkPairs {
  /// `X_HR.png` with `X_LR.png` beside it are a pair; any other picture is reduced by MATLAB's bicubic. Of a set that
  /// holds several scales (`image_SRF_2`, `image_SRF_4`), only the files of `scale` are taken.
  /// - Parameter degradation: for `.real` every `low` is made from `high`, with the noise of its place in the list.
  /// - Throws: `MediaError` for unreadable files, `TensorError` when there is no picture or sizes do not fit.
  public static func read(_ folder: URL, scale: Int, degradation: Degradation = .bicubic) throws
    -> [BenchmarkPair]
  {
    let files = try PhotographDataset.pictures(below: folder)
    let names = Set(files.map(\.path))
    let wanted = files.filter { file in
      let name = file.deletingPathExtension().lastPathComponent
      if name.hasSuffix("_LR") && names.contains(file.path.replacingOccurrences(of: "_LR.", with: "_HR.")) {
        return false
      }
      guard let mark = name.range(of: "_SRF_") else { return true }
      return name[mark.upperBound...].hasPrefix("\(scale)_")
    }
    guard !wanted.isEmpty else {
      throw TensorError(
        "no picture for scale \(scale) below \(folder.path); PNG or JPEG files would be right")
    }
    return try wanted.enumerated().map { index, file in
      if degradation == .real {
        let clean = try pair(file, low: nil, scale: scale)
        let noise = KeyedNoise(seed: 0, sample: UInt64(index), step: 0, stream: "evaluation")
        let low = try RealDegradation.low(clean.high, scale: scale, noise: noise)
        return BenchmarkPair(name: clean.name, high: clean.high, low: low)
      }
      let low = URL(fileURLWithPath: file.path.replacingOccurrences(of: "_HR.", with: "_LR."))
      let isPair = low != file && names.contains(low.path)
      return try pair(file, low: isPair ? low : nil, scale: scale)
    }
  }

  private static func pair(_ file: URL, low: URL?, scale: Int) throws -> BenchmarkPair {
    let name = file.deletingPathExtension().lastPathComponent
    let high = try rgb(file)
    let (height, width) = (high.shape[1] / scale * scale, high.shape[2] / scale * scale)
    guard min(height, width) >= 11 + 2 * scale else {
      throw TensorError("\(file.path) is too small to judge scale \(scale) by")
    }
    let cropped = try high.narrow(1, start: 0, length: height).narrow(2, start: 0, length: width).contiguous()
    guard let low else {
      return BenchmarkPair(name: name, high: cropped, low: try Degradation.bicubic(cropped, scale: scale))
    }
    let small = try rgb(low)
    guard small.shape[1] * scale >= height, small.shape[2] * scale >= width else {
      throw TensorError(
        "\(low.path) is \(small.shape[2])×\(small.shape[1]), too small for \(file.lastPathComponent) at scale \(scale)"
      )
    }
    // Sizes may be rounded up, but a reduction by less than the scale would be judged as something it is not.
    guard small.shape[1] * scale < high.shape[1] + scale, small.shape[2] * scale < high.shape[2] + scale
    else {
      throw TensorError(
        "\(low.path) is \(small.shape[2])×\(small.shape[1]), too large for \(file.lastPathComponent) at scale \(scale)"
      )
    }
    return BenchmarkPair(name: name, high: cropped, low: small)
  }

  private static func rgb(_ file: URL) throws -> Tensor {
    let picture = try Image(contentsOf: file).tensor()
    switch picture.shape[0] {
    case 1, 2: return try picture.narrow(0, start: 0, length: 1).repeatInterleave(3, axis: 0)
    default: return try picture.narrow(0, start: 0, length: 3).contiguous()
    }
  }
}
