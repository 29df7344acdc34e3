internal import CKernels
internal import Foundation
internal import Torch

/// The embedding of level and condition, and what all blocks of a `UNet` make of it.
///
/// Pictures of the same level and condition have it in common, so that it is computed once for them.
struct FusedEmbedding {
  /// Scales and shifts of all blocks, one picture after another.
  struct Film {
    let values: AlignedFloats
    /// From a picture's to the next one's.
    let stride: Int
  }

  private let waves: TimeWaves
  private let time1: PackedLinear
  private let time2: PackedLinear
  private let label: PackedLinear?
  /// Of all blocks, their outputs one after another.
  private let blocks: PackedLinear
  private let condition: Int

  /// - Parameter blocks: in the order of their places among the results.
  init(_ network: UNet, blocks: [UNetBlock]) throws {
    let configuration = network.configuration
    waves = configuration.waves
    condition = configuration.condition
    time1 = try PackedLinear(network.time1.weight.value, network.time1.bias?.value)
    time2 = try PackedLinear(network.time2.weight.value, network.time2.bias?.value)
    label = try network.label.map { try PackedLinear($0.weight.value, $0.bias?.value) }
    self.blocks = try PackedLinear(
      .cat(blocks.map { $0.emb.weight.value }, axis: 0),
      .cat(blocks.compactMap { $0.emb.bias?.value }, axis: 0))
  }

  /// - Parameters:
  ///   - time: `[N]`.
  ///   - global: `[N, D]`, row after row.
  func callAsFunction(_ time: [Float], _ global: [Float]?, pictures: Int) throws -> Film {
    if let global, label != nil, global.count != pictures * condition {
      throw TensorError("\(pictures) rows of \(condition) are wanted, \(global.count) numbers are given")
    }
    let stride = blocks.outputs
    let values = AlignedFloats(count: pictures * stride + Int(CKernelsLanes))
    var places: [[Float]: Int] = [:]
    for picture in 0..<pictures {
      let row = global.map { Array($0[picture * condition..<(picture + 1) * condition]) } ?? []
      let target = values.address + picture * stride
      if let place = places[[time[picture]] + row] {
        target.update(from: values.address + place * stride, count: stride)
      } else {
        places[[time[picture]] + row] = picture
        let film = film(time[picture], row)
        target.update(from: film.address, count: stride)
      }
    }
    return Film(values: values, stride: stride)
  }

  private func film(_ time: Float, _ global: [Float]) -> AlignedFloats {
    let hidden = time1(AlignedFloats(waves(time)))
    hidden.activate()
    let embedding = time2(hidden)
    if let label, !global.isEmpty { label.add(AlignedFloats(global), to: embedding) }
    embedding.activate()
    return blocks(embedding)
  }
}

/// A `Linear` for one vector at a time.
private struct PackedLinear {
  let outputs: Int
  private let inputs: Int
  private let weight: AlignedFloats
  private let bias: [Float]

  /// - Parameter weight: `[D, C]`.
  init(_ weight: Tensor, _ bias: Tensor?) throws {
    (outputs, inputs) = (weight.shape[0], weight.shape[1])
    self.bias = try bias?.floats() ?? []
    self.weight = AlignedFloats(count: ckernels_step_packed_count(inputs, outputs))
    ckernels_step_pack(try weight.floats(), inputs, outputs, self.weight.address)
  }

  func callAsFunction(_ x: AlignedFloats) -> AlignedFloats {
    let y = AlignedFloats(count: AlignedFloats.rounded(outputs))
    for (index, value) in bias.enumerated() { y.address[index] = value }
    add(x, to: y)
    return y
  }

  func add(_ x: AlignedFloats, to y: AlignedFloats) {
    ckernels_step_product(
      ckernels_step_best(), weight.address, inputs, outputs, x.address, 0, y.address, 0, 1)
  }
}

extension AlignedFloats {
  /// x · σ(x).
  fileprivate func activate() {
    for index in 0..<count { address[index] /= 1 + exp(-address[index]) }
  }
}
