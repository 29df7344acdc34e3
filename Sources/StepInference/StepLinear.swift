internal import TorchNN
internal import CKernels
public import Torch

/// The instructions that steps are computed with.
public enum StepInstructions: Sendable, CaseIterable {
  case portable, avx2, avx512

  /// The fastest that this processor has.
  public static var best: StepInstructions {
    switch ckernels_step_best() {
    case CKernelsStepAVX512: .avx512
    case CKernelsStepAVX2: .avx2
    default: .portable
    }
  }

  /// Those that this processor has.
  public static var available: [StepInstructions] {
    switch best {
    case .avx512: [.portable, .avx2, .avx512]
    case .avx2: [.portable, .avx2]
    case .portable: [.portable]
    }
  }

  var version: CKernelsStepVersion {
    switch self {
    case .portable: CKernelsStepPortable
    case .avx2: CKernelsStepAVX2
    case .avx512: CKernelsStepAVX512
    }
  }
}

/// A matrix whose weights are packed once for products with a few vectors at a time.
///
/// Weights that are halves, as those of most files are, are kept as halves: half the traffic for the same bits.
public final class StepLinear: Sendable {
  public let inputs: Int
  public let outputs: Int
  let isHalf: Bool
  /// Floats, or halves in their memory.
  private let packed: AlignedFloats
  private let bias: AlignedFloats

  /// - Parameters:
  ///   - weight: `[outputs, inputs]`.
  ///   - bias: `[outputs]`.
  public convenience init(_ weight: Tensor, bias: Tensor?) throws {
    self.init(
      try weight.to(.float32).contiguous().floats(), inputs: weight.shape[1], outputs: weight.shape[0],
      bias: try bias?.floats())
  }

  /// - Parameters:
  ///   - values: of the weight, `[outputs, inputs]`.
  ///   - bias: `[outputs]`.
  public init(_ values: [Float], inputs: Int, outputs: Int, bias: [Float]?) {
    precondition(values.count == inputs * outputs && bias.map { $0.count == outputs } ?? true)
    (self.inputs, self.outputs) = (inputs, outputs)
    let count = ckernels_step_packed_count(inputs, outputs)
    let halves = AlignedFloats(count: count / 2)
    // Arithmetic in place of an instruction would take longer to widen halves than memory takes for floats.
    isHalf =
      StepInstructions.best != .portable
      && ckernels_step_pack_halves(values, inputs, outputs, Self.halves(halves))
    packed = isHalf ? halves : AlignedFloats(count: count)
    if !isHalf { ckernels_step_pack(values, inputs, outputs, packed.address) }
    self.bias = AlignedFloats(bias ?? [Float](repeating: 0, count: outputs))
  }

  private static func halves(_ memory: AlignedFloats) -> UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(memory.address).assumingMemoryBound(to: UInt16.self)
  }

  /// Floats of one output vector.
  public var roundedOutputs: Int { AlignedFloats.rounded(outputs) }

  /// y += W x + b for `streams` vectors.
  public func add(
    _ x: UnsafePointer<Float>, stride xStride: Int, to y: UnsafeMutablePointer<Float>, stride yStride: Int,
    streams: Int, instructions: StepInstructions
  ) {
    for stream in 0..<streams {
      let target = y + stream * yStride
      for index in 0..<outputs { target[index] += bias.address[index] }
    }
    addProduct(x, xStride, y, yStride, streams, instructions.version)
  }

  /// y = W x + b, or y += W x where `adds`, for `streams` vectors.
  public func apply(
    _ x: UnsafePointer<Float>, stride xStride: Int, to y: UnsafeMutablePointer<Float>, stride yStride: Int,
    streams: Int, adds: Bool = false, instructions: StepInstructions
  ) {
    if !adds {
      for stream in 0..<streams {
        (y + stream * yStride).update(from: bias.address, count: roundedOutputs)
      }
    }
    addProduct(x, xStride, y, yStride, streams, instructions.version)
  }

  private func addProduct(
    _ x: UnsafePointer<Float>, _ xStride: Int, _ y: UnsafeMutablePointer<Float>, _ yStride: Int,
    _ streams: Int, _ version: CKernelsStepVersion
  ) {
    if isHalf {
      ckernels_step_product_halves(
        version, Self.halves(packed), inputs, outputs, x, xStride, y, yStride, streams)
    } else {
      ckernels_step_product(version, packed.address, inputs, outputs, x, xStride, y, yStride, streams)
    }
  }
}
